"""What `serve`, `worker` and `demo` refuse before they start anything; and what every command says of its settings."""

import sqlite3
from contextlib import closing

import pytest

from cli.command_line import CommandLine


def test_serve_names_every_fault_of_the_settings_at_once(unmade: CommandLine) -> None:
    unmade.settings |= {"SITEBELL_PORT": "many", "SITEBELL_WORKERS": "-1", "SITEBELL_METRICS_TOKEN": "short"}
    done = unmade.process("serve")

    assert (done.returncode, done.stdout) == (1, "")
    first, *faults = done.stderr.splitlines()
    assert first == "Error: Change these settings:"
    assert [fault.split()[0] for fault in faults] == [
        "SITEBELL_PORT",
        "SITEBELL_METRICS_TOKEN",
        "SITEBELL_WORKERS",
    ]
    assert not unmade.data.exists()


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8080",
        "https://bell.local",
        "https://bell.invalid",
        "https://192.0.2.1",
        "https://[2001:db8::1]",
    ],
)
def test_an_address_that_means_nothing_to_push_services_is_refused(
    sitebell: CommandLine, command: str, address: str
) -> None:
    """The VAPID subject is derived from it, and Apple answers 403 to such a subject."""
    sitebell.settings["SITEBELL_BASE_URL"] = address

    complaint = sitebell.refused(command)

    assert "SITEBELL_VAPID_SUBJECT=mailto:you@example.com" in complaint
    assert "or SITEBELL_BASE_URL" in complaint
    assert "push services want a way to reach you" in complaint


@pytest.mark.parametrize("command", ["serve", "worker", "demo"])
def test_a_garbled_subject_is_refused_everywhere(sitebell: CommandLine, command: str) -> None:
    sitebell.settings["SITEBELL_VAPID_SUBJECT"] = "ops@example.com"

    complaint = sitebell.refused(command)

    assert "must be mailto:" in complaint
    assert "SITEBELL_BASE_URL" not in complaint


def test_sites_need_no_subject(sitebell: CommandLine) -> None:
    """Who looks around on localhost can make a site before going live."""
    del sitebell.settings["SITEBELL_BASE_URL"]

    assert sitebell.create_site()["id"] == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "bell.example.com"])
def test_the_demo_stays_on_this_machine(sitebell: CommandLine, host: str) -> None:
    sitebell.settings["SITEBELL_HOST"] = host

    assert sitebell.refused("demo") == "Error: The demo answers on this machine only: unset SITEBELL_HOST.\n"


def test_rel_14_a_damaged_database_is_not_served(sitebell: CommandLine) -> None:
    sitebell.create_site()
    with closing(sqlite3.connect(sitebell.database)) as database:
        root = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'delivery'").fetchone()[0]
    with sitebell.database.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)

    for command in ("serve", "worker"):
        assert "is damaged" in sitebell.refused(command)


def test_a_file_that_is_no_database_is_one_sentence(unmade: CommandLine) -> None:
    unmade.data.mkdir()
    unmade.database.write_bytes(b"not a database" * 1000)

    assert "damaged (file is not a database): restore a backup" in unmade.refused("sites", "list")


def test_a_database_of_a_newer_sitebell_is_one_sentence(sitebell: CommandLine) -> None:
    sitebell.create_site()
    with closing(sqlite3.connect(sitebell.database)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    assert "made by a newer Sitebell" in sitebell.refused("sites", "list")


def test_sec_51_a_lost_master_key_is_one_sentence(sitebell: CommandLine) -> None:
    sitebell.create_site()
    sitebell.master_key.unlink()

    for command in (["serve"], ["worker"], ["sites", "list"]):
        complaint = sitebell.refused(*command)
        assert f"Error: The master key {sitebell.master_key} is lost" in complaint
        assert "set SITEBELL_DATA" in complaint
    assert not sitebell.master_key.exists()


def test_sec_51_a_wrong_master_key_is_one_sentence(sitebell: CommandLine) -> None:
    sitebell.create_site()
    sitebell.master_key.write_text("00" * 32)

    assert "is not the one that this database was sealed with" in sitebell.refused("vapid", "list", "x")


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgresql://nobody@127.0.0.1:1/bell", "The database cannot be used: "),
        ("postgresql+nothing://127.0.0.1/bell", "SITEBELL_DATABASE_URL"),
        ("sqlite+aiosqlite:///x", "SITEBELL_DATABASE_URL"),
        ("mysql://127.0.0.1/bell", "SITEBELL_DATABASE_URL must name an sqlite or postgresql database"),
    ],
)
def test_a_database_that_cannot_be_opened_is_one_sentence(sitebell: CommandLine, url: str, complaint: str) -> None:
    sitebell.settings["SITEBELL_DATABASE_URL"] = url

    assert complaint in sitebell.refused("sites", "list")


def test_a_folder_that_cannot_be_made_is_one_sentence(unmade: CommandLine) -> None:
    unmade.data.write_text("a file in the way")

    done = unmade.process("sites", "list")

    assert done.returncode == 1
    assert done.stderr == f"Error: The folder {unmade.data} cannot be made (File exists): change SITEBELL_DATA.\n"


def test_a_misspelt_setting_gives_one_line_of_warning(sitebell: CommandLine) -> None:
    sitebell.settings |= {"SITEBELL_PROT": "80", "SITEBELL_WORKER": "2"}

    result = sitebell.run("sites", "list", "--json")

    assert result.exit_code == 0
    assert result.stdout == "[]\n"
    assert result.stderr == (
        "Warning: no such setting, ignored: SITEBELL_PROT, SITEBELL_WORKER (docs/operating.md lists all).\n"
    )


def test_help_needs_no_sound_settings(sitebell: CommandLine) -> None:
    sitebell.settings["SITEBELL_PORT"] = "many"

    for words in (["--help"], ["sites", "--help"], ["sites", "create", "--help"], ["serve", "-h"]):
        assert sitebell.run(*words).stdout.startswith("Usage: sitebell")


def test_an_unknown_command_is_a_usage_error(sitebell: CommandLine) -> None:
    assert "No such command 'ring'" in sitebell.refused("ring", code=2)
