"""`sitebell audit`: what the operator did, and whether anybody changed the log of it (SEC-42)."""

import json
import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest

from cli.command_line import CommandLine

APPENDED = (
    "INSERT INTO audit_entry SELECT 7, at, actor, action, site_id, subject, address, hash, hash"
    " FROM audit_entry WHERE id = 6"
)


@pytest.fixture
def token(sitebell: CommandLine) -> str:
    """The token of a site, of which the log has six entries."""
    token: str = sitebell.create_site()["token"]
    sitebell.json("keys", "create", token, "--name", "shop", "--scope", "send")
    sitebell.json("keys", "revoke", token, 2)
    sitebell.json("vapid", "add", token)
    sitebell.json("sites", "set", token, "--name", "New", "--retention-days", 30)
    sitebell.json("databases", "create", "More")
    return token


def tamper(sitebell: CommandLine, *statements: str) -> None:
    """Change the database as somebody would who can write its file."""
    connection = sqlite3.connect(sitebell.database)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def check(sitebell: CommandLine) -> tuple[int, list[dict[str, Any]]]:
    """Verify the log; return the command's exit code and the faults that it names."""
    result = sitebell.run("audit", "verify", "--json")
    facts = json.loads(result.stdout)
    assert facts["is_sound"] == (result.exit_code == 0)
    return result.exit_code, facts["faults"]


def test_sec_42_what_the_operator_does_is_listed_newest_first(sitebell: CommandLine, token: str) -> None:
    sitebell.json("databases", "link", 2, "--site", token)
    sitebell.json("databases", "unlink", 2, "--site", token)
    rows = sitebell.json("audit", "list")

    assert [(row["action"], row["subject"]) for row in reversed(rows)] == [
        ("site.create", "database 1"),
        ("api_key.create", "key 2"),
        ("api_key.revoke", "key 2"),
        ("vapid_key.add", "vapid key 2"),
        ("site.change", "name retention_days"),
        ("database.create", "database 2"),
        ("database.link", "database 2"),
        ("database.unlink", "database 2"),
    ]
    assert {row["actor"] for row in rows} == {"cli"}
    assert [row["id"] for row in rows] == list(range(8, 0, -1))


def test_a_sent_message_is_listed(sitebell: CommandLine, token: str) -> None:
    sent = sitebell.json("send", "--site", token, "--title", "Hello", "--to", "everyone", "--no-wait")

    assert sitebell.json("audit", "list")[0]["subject"] == f"message {sent['id']}"


@pytest.mark.usefixtures("token")
def test_the_list_can_be_read_page_by_page(sitebell: CommandLine) -> None:
    first = sitebell.json("audit", "list", "--limit", 4)
    rest = sitebell.json("audit", "list", "--before", first[-1]["id"])

    assert [row["id"] for row in first + rest] == [6, 5, 4, 3, 2, 1]


@pytest.mark.usefixtures("token")
def test_people_see_the_list_as_a_table(sitebell: CommandLine) -> None:
    lines = sitebell.run("audit", "list").stdout.splitlines()

    assert lines[0].split() == ["ID", "AT", "WHO", "FROM", "DID", "SITE", "TO"]
    assert lines[-1].split()[-2:] == ["database", "1"]


@pytest.mark.usefixtures("token")
def test_sec_42_an_untouched_log_is_sound(sitebell: CommandLine) -> None:
    assert check(sitebell) == (0, [])
    assert "6 entries" in sitebell.run("audit", "verify").stdout


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    ("statements", "faulty"),
    [
        (["UPDATE audit_entry SET subject = 'key 9' WHERE id = 3"], [3]),
        (["UPDATE audit_entry SET actor = 'key:1' WHERE id = 6"], [6]),
        (["UPDATE audit_entry SET at = datetime(at, '-1 day') WHERE id = 1"], [1]),
        (["DELETE FROM audit_entry WHERE id = 3"], [4]),
        (["DELETE FROM audit_entry WHERE id = 1"], [2]),
        (["DELETE FROM audit_entry WHERE id > 4"], [4]),
        (["DELETE FROM audit_entry"], [0]),
        (
            [
                "UPDATE audit_entry SET id = 99 WHERE id = 2",
                "UPDATE audit_entry SET id = 2 WHERE id = 3",
                "UPDATE audit_entry SET id = 3 WHERE id = 99",
            ],
            [2, 3, 4],
        ),
        (["UPDATE installation SET audit_head = NULL"], [6]),
        (["UPDATE installation SET audit_head = zeroblob(60)"], [6]),
        (
            [APPENDED],
            [7],
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_sec_42_verify_finds_what_was_changed_removed_added_or_moved(
    sitebell: CommandLine, statements: Sequence[str], faulty: list[int]
) -> None:
    tamper(sitebell, *statements)

    code, faults = check(sitebell)
    assert code == 1
    assert sorted({fault["id"] for fault in faults}) == faulty
    assert "not what was written" in sitebell.run("audit", "verify").stderr


@pytest.mark.usefixtures("token")
def test_sec_42_a_chain_computed_anew_without_the_master_key_is_found(sitebell: CommandLine) -> None:
    """Whoever can write the file can compute every hash again, but not seal the last one."""
    rows = sitebell.json("audit", "list")
    newest = rows[0]
    told = [6, newest["at"], "cli", "database.create", None, "database 3", ""]
    forged = sha256(bytes.fromhex(newest["previous_hash"]) + json.dumps(told, separators=(",", ":")).encode())
    tamper(sitebell, f"UPDATE audit_entry SET subject = 'database 3', hash = x'{forged.hexdigest()}' WHERE id = 6")

    assert check(sitebell) == (1, [{"id": 6, "fault": "it is not the last entry that was written"}])


@pytest.mark.usefixtures("token")
def test_sec_42_a_restore_is_written_into_the_log_that_it_brings_back(sitebell: CommandLine) -> None:
    file = sitebell.data.parent / "backup"
    sitebell.json("backup", file)
    sitebell.json("restore", file, "--force")

    assert sitebell.json("audit", "list")[0]["action"] == "installation.restore"
    assert check(sitebell) == (0, [])
