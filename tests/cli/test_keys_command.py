"""`sitebell keys` and `sitebell vapid`."""

import pytest

from cli.command_line import CommandLine
from sitebell.db import open_store
from sitebell.services.keys import find_api_keys
from support.installation import Installation


def find_scopes(sitebell: CommandLine, text: str) -> str | None:
    """Return the scopes that the server would grant to this key, or None."""
    store = open_store(f"sqlite:///{sitebell.database}")
    with store.reading() as session:
        keys = find_api_keys(session, text)
    store.close()
    return keys[0].scopes if keys else None


def test_a_key_has_the_scopes_that_were_asked_for(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    made = sitebell.json("keys", "create", token, "--name", "shop", "--scope", "read", "--scope", "send")

    assert list(made) == ["id", "name", "scopes", "api_key"]
    assert made["scopes"] == ["send", "read"]
    assert find_scopes(sitebell, made["api_key"]) == "send read"


def test_a_key_is_shown_once_to_people_too(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    shown = sitebell.run("keys", "create", token, "--name", "shop", "--scope", "send").stdout
    listed = sitebell.run("keys", "list", token).stdout

    text = next(word for word in shown.split() if word.startswith("sb_"))
    assert find_scopes(sitebell, text) == "send"
    assert text[:9] in listed
    assert text not in listed


def test_sec_31_a_revoked_key_opens_nothing_and_stays_listed(sitebell: CommandLine) -> None:
    created = sitebell.create_site()
    revoked = sitebell.json("keys", "revoke", created["token"], 1)

    assert revoked["revoked_at"] is not None
    assert find_scopes(sitebell, created["api_key"]) is None
    assert sitebell.json("keys", "list", created["token"]) == [revoked]
    assert sitebell.json("keys", "revoke", created["token"], 1) == revoked


def test_another_sites_key_is_not_found(sitebell: CommandLine) -> None:
    sitebell.create_site()
    other = sitebell.create_site("Blog")

    assert "no API key 1" in sitebell.refused("keys", "revoke", other["token"], 1)


@pytest.mark.parametrize(
    "options", [["--name", "shop"], ["--name", "shop", "--scope", "everything"], ["--scope", "send"]]
)
def test_a_key_without_name_or_scope_is_a_usage_error(sitebell: CommandLine, options: list[str]) -> None:
    token = sitebell.create_site()["token"]

    assert sitebell.refused("keys", "create", token, *options, code=2).startswith("Usage: sitebell keys create")
    assert len(sitebell.json("keys", "list", token)) == 1


def test_sec_52_a_new_vapid_key_is_current_and_the_old_one_keeps_its_subscriptions(
    sitebell: CommandLine, installation: Installation
) -> None:
    installation.add_devices(3)
    added = sitebell.json("vapid", "add", installation.site.token)
    listed = sitebell.json("vapid", "list", installation.site.token)

    assert listed[0] == added
    assert [(row["is_current"], row["subscriptions"]) for row in listed] == [(True, 0), (False, 3)]
    assert listed[1]["public_key"] == installation.vapid_public_key
    assert sitebell.json("sites", "show", installation.site.token)["vapid_public_key"] == added["public_key"]


def test_vapid_list_for_people_names_the_current_key(sitebell: CommandLine) -> None:
    token = sitebell.create_site()["token"]
    public_key = sitebell.json("vapid", "add", token)["public_key"]

    current = [line for line in sitebell.run("vapid", "list", token).stdout.splitlines() if line.endswith("current")]
    assert len(current) == 1
    assert public_key in current[0]
    assert "private" not in sitebell.run("vapid", "list", token).stdout
