"""`sitebell databases` and `sitebell fields`."""

import pytest

from cli.command_line import CommandLine
from sitebell.services.fields.defining import STANDARD_FIELDS


def test_a_database_is_made_with_the_standard_fields(sitebell: CommandLine) -> None:
    made = sitebell.json("databases", "create", "Customers")

    assert (made["id"], made["name"], made["profiles"], made["sites"]) == (1, "Customers", 0, [])
    assert sitebell.json("databases", "show", 1) == made
    listed = sitebell.json("fields", "list", 1)
    assert {field["name"]: field["type"] for field in listed} == STANDARD_FIELDS
    assert all(field["is_standard"] for field in listed)


def test_a_database_can_take_the_id_that_another_system_used(sitebell: CommandLine) -> None:
    assert sitebell.json("databases", "create", "Old", "--id", 4711)["id"] == 4711
    assert sitebell.json("databases", "create", "New")["id"] == 4712
    assert [row["id"] for row in sitebell.json("databases", "list")] == [4711, 4712]
    assert "4711" in sitebell.refused("databases", "create", "Again", "--id", 4711)


@pytest.mark.parametrize(
    "arguments", [["", "--id", 1], ["Old", "--id", 0], ["Old", "--id", -1], ["Old", "--id", 2**31]]
)
def test_a_database_that_cannot_be_made_is_refused(sitebell: CommandLine, arguments: list[object]) -> None:
    assert sitebell.refused("databases", "create", *arguments).startswith("Error: A database's")
    assert sitebell.json("databases", "list") == []


def test_a_database_is_linked_to_a_site_and_taken_away_again(sitebell: CommandLine) -> None:
    site = sitebell.create_site()
    own, token = site["database_id"], site["token"]
    second = sitebell.json("databases", "create", "Second")["id"]

    for _ in range(2):
        assert sitebell.json("databases", "link", second, "--site", token)["sites"] == [token]
    assert sitebell.json("sites", "show", token)["database_ids"] == [own, second]

    assert sitebell.json("databases", "unlink", own, "--site", token)["sites"] == []
    assert sitebell.json("sites", "show", token)["database_ids"] == [second]
    assert "not linked" in sitebell.refused("databases", "unlink", own, "--site", token)


def test_unlinking_the_last_database_warns_that_nobody_can_subscribe(sitebell: CommandLine) -> None:
    site = sitebell.create_site()
    second = sitebell.json("databases", "create", "Second")["id"]
    sitebell.json("databases", "link", second, "--site", site["token"])

    first = sitebell.run("databases", "unlink", second, "--site", site["token"])
    last = sitebell.run("databases", "unlink", site["database_id"], "--site", site["token"])

    assert (first.exit_code, last.exit_code) == (0, 0)
    assert "Warning" not in first.stderr
    assert "Warning: the site has no database left" in last.stderr


@pytest.mark.parametrize("command", [["show", 7], ["link", 7, "--site", "x"], ["unlink", 7, "--site", "x"]])
def test_an_unknown_database_is_a_sentence(sitebell: CommandLine, command: list[object]) -> None:
    assert "no database 7: see `sitebell databases list`" in sitebell.refused("databases", *command)


def test_an_unknown_site_is_a_sentence(sitebell: CommandLine) -> None:
    sitebell.json("databases", "create", "Customers")

    assert "sitebell sites list" in sitebell.refused("databases", "link", 1, "--site", "x")


def test_a_field_is_defined_once(sitebell: CommandLine) -> None:
    sitebell.json("databases", "create", "Customers")

    made = sitebell.json("fields", "create", 1, "plan", "--type", "text", "--open")

    assert made == {"name": "plan", "type": "text", "is_standard": False, "is_open": True}
    assert sitebell.json("fields", "list", 1)[-1] == made
    assert "has a field plan already" in sitebell.refused("fields", "create", 1, "plan", "--type", "date")
    assert sitebell.json("fields", "list", 1)[-1] == made


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["1st", "--type", "text"], 1), (["email", "--type", "text"], 1), (["plan", "--type", "json"], 2), (["plan"], 2)],
)
def test_a_field_without_a_name_or_type_that_can_be_used_is_refused(
    sitebell: CommandLine, arguments: list[str], code: int
) -> None:
    sitebell.json("databases", "create", "Customers")

    assert sitebell.refused("fields", "create", 1, *arguments, code=code)
    assert len(sitebell.json("fields", "list", 1)) == len(STANDARD_FIELDS)


def test_people_read_tables(sitebell: CommandLine) -> None:
    assert "sitebell databases create NAME" in sitebell.run("databases", "list").stdout
    token = sitebell.create_site()["token"]

    assert token in sitebell.run("databases", "list").stdout
    assert token in sitebell.run("databases", "show", 1).stdout
    assert any(
        line.split() == ["_bdate", "date", "yes", "no"]
        for line in sitebell.run("fields", "list", 1).stdout.splitlines()
    )
