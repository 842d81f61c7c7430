"""`sitebell sites`, as an operator uses it."""

import json
import sqlite3
import stat
from contextlib import closing

import pytest

from cli.command_line import CommandLine


def test_sites_create_prints_exactly_the_contract(unmade: CommandLine) -> None:
    """Other programs are written against these five names."""
    done = unmade.process("sites", "create", "Shop", "--origin", "https://shop.example.com", "--json")

    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert list(facts) == ["id", "token", "api_key", "vapid_public_key", "database_id"]
    assert facts["api_key"].startswith("sb_")
    assert (facts["id"], facts["database_id"]) == (1, 1)


def test_sites_create_prints_the_two_lines_to_paste(sitebell: CommandLine) -> None:
    result = sitebell.run("sites", "create", "Shop", "--origin", "https://shop.example.com")
    token = sitebell.json("sites", "list")[0]["token"]

    script = f'<script src="https://bell.example.com/sdk/v1/sitebell.js" data-site="{token}" async></script>'
    assert script in result.stdout
    assert f"importScripts('https://bell.example.com/sdk/v1/worker.js?site={token}')" in result.stdout
    assert "shown only now" in result.stdout


def test_sites_create_says_when_its_lines_cannot_work(sitebell: CommandLine) -> None:
    """Without SITEBELL_BASE_URL the lines name localhost, which a page on https cannot load."""
    del sitebell.settings["SITEBELL_BASE_URL"]

    result = sitebell.run("sites", "create", "Shop", "--origin", "https://shop.example.com")

    assert result.exit_code == 0
    assert 0 < result.stdout.find("set SITEBELL_BASE_URL") < result.stdout.find("<script")


def test_nobody_else_on_the_machine_can_read_the_database(unmade: CommandLine) -> None:
    """Also in a folder that was there before and is open to all; what SQLite puts beside the file follows its mode."""
    unmade.data.mkdir(mode=0o755)
    unmade.create_site()

    with closing(sqlite3.connect(unmade.database)) as database:
        database.execute("UPDATE site SET name = 'Store'")
        files = sorted(unmade.data.glob("sitebell.sqlite3*"))
        modes = {file.name.removeprefix("sitebell.sqlite3"): stat.S_IMODE(file.stat().st_mode) for file in files}

    assert modes == {"": 0o600, "-shm": 0o600, "-wal": 0o600}


def test_a_second_site_can_share_a_database(sitebell: CommandLine) -> None:
    first = sitebell.create_site()
    second = sitebell.json("sites", "create", "Blog", "--origin", "https://blog.example.com", "--database", 1)

    assert second["database_id"] == first["database_id"]
    assert second["token"] != first["token"]


def test_sites_create_with_an_unknown_database_makes_nothing(sitebell: CommandLine) -> None:
    complaint = sitebell.refused("sites", "create", "Shop", "--origin", "https://shop.example.com", "--database", 7)

    assert complaint == "Error: There is no database 7: see `sitebell databases list`.\n"
    assert sitebell.json("sites", "list") == []


@pytest.mark.parametrize(
    "origin",
    ["http://shop.example.com", "https://shop.example.com/path", "shop.example.com", "https://*.example.com", ""],
)
def test_an_origin_that_no_browser_sends_is_refused(sitebell: CommandLine, origin: str) -> None:
    complaint = sitebell.refused("sites", "create", "Shop", "--origin", origin)

    assert repr(origin) in complaint
    assert sitebell.json("sites", "list") == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "two\nlines", "\x1b[2J"])
def test_a_name_that_would_spoil_a_list_is_refused(sitebell: CommandLine, name: str) -> None:
    assert "1 to 200 printable characters" in sitebell.refused(
        "sites", "create", name, "--origin", "https://shop.example.com"
    )


def test_sites_list_of_none_says_what_to_do(sitebell: CommandLine) -> None:
    assert "sitebell sites create" in sitebell.run("sites", "list").stdout


def test_sites_list_and_show_agree_with_create(sitebell: CommandLine) -> None:
    created = sitebell.create_site()
    listed = sitebell.json("sites", "list")
    shown = sitebell.json("sites", "show", created["token"])

    assert listed == [shown]
    assert shown["vapid_public_key"] == created["vapid_public_key"]
    assert shown["origins"] == ["https://shop.example.com"]
    assert created["token"] in sitebell.run("sites", "list").stdout
    assert 'data-site="' + created["token"] in sitebell.run("sites", "show", created["token"]).stdout


def test_the_api_key_is_shown_only_once(sitebell: CommandLine) -> None:
    """SEC-31: only its hash is stored, so nothing could print it again."""
    created = sitebell.create_site()

    outputs = [sitebell.run("sites", "show", created["token"]), sitebell.run("keys", "list", created["token"])]
    assert all(created["api_key"] not in result.output for result in outputs)
    assert created["api_key"].encode() not in sitebell.database.read_bytes()


def test_an_unknown_token_is_one_sentence(sitebell: CommandLine) -> None:
    complaint = sitebell.refused("sites", "show", "nothing")

    assert complaint == "Error: No site has this token: copy it from `sitebell sites list`.\n"


def test_sites_set_changes_only_what_is_named(sitebell: CommandLine) -> None:
    before = sitebell.json("sites", "show", sitebell.create_site()["token"])
    after = sitebell.json("sites", "set", before["token"], "--name", "Store", "--retention-days", 30)

    assert after == {**before, "name": "Store", "retention_days": 30}
    assert sitebell.json("sites", "show", before["token"]) == after


def test_sec_43_addresses_are_stored_only_by_a_site_that_says_so(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]

    stored = [sitebell.json("sites", "show", token)["stores_ip"]]
    stored += [sitebell.json("sites", "set", token, option)["stores_ip"] for option in ("--store-ip", "--no-store-ip")]

    assert stored == [False, True, False]


def test_origins_are_replaced_added_and_removed(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]

    def change(*options: str) -> list[str]:
        origins: list[str] = sitebell.json("sites", "set", token, *options)["origins"]
        return origins

    assert change("--origin", "https://a.example", "--origin", "https://B.example:443/") == [
        "https://a.example",
        "https://b.example",
    ]
    assert change("--add-origin", "https://c.example", "--remove-origin", "https://A.example") == [
        "https://b.example",
        "https://c.example",
    ]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--remove-origin", "https://shop.example.com"], "at least one origin"),
        (["--remove-origin", "https://other.example.com"], "does not have the origin https://other.example.com"),
        (["--retention-days", "0"], "1 to 3650 days"),
        (["--worker", "worker.js"], "not a plain path"),
        (["--worker", "//evil.example/worker.js"], "not a plain path"),
        (["--worker", "/a/../worker.js"], "not a plain path"),
        (["--worker", '/x".js'], "not a plain path"),
        (["--worker", "/push/"], "names a folder"),
        (["--worker", "/push/bell-worker.js"], "scopes that begin with /push/"),
        (["--scope", "bell/"], "not a plain path"),
    ],
)
def test_a_change_that_cannot_work_changes_nothing(sitebell: CommandLine, options: list[str], complaint: str) -> None:
    before = sitebell.json("sites", "show", sitebell.create_site()["token"])

    assert complaint in sitebell.refused("sites", "set", before["token"], "--name", "Store", *options)
    assert sitebell.json("sites", "show", before["token"]) == before


def test_worker_and_scope_move_together_and_into_the_script_tag(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    sitebell.json("sites", "set", token, "--worker", "/push/w.js", "--scope", "/push/bell/")

    shown = sitebell.run("sites", "show", token).stdout
    assert 'data-worker="/push/w.js" data-scope="/push/bell/"' in shown
    assert "https://shop.example.com/push/w.js" in shown


@pytest.mark.parametrize(
    "options", [[], ["--origin", "https://a.example", "--add-origin", "https://b.example"], ["--retention-days", "x"]]
)
def test_sites_set_with_contradicting_options_is_a_usage_error(sitebell: CommandLine, options: list[str]) -> None:
    token = sitebell.create_site()["token"]

    assert sitebell.refused("sites", "set", token, *options, code=2).startswith("Usage: sitebell sites set")
