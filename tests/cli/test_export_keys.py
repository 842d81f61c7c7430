"""`sitebell export --with-vapid` and back: which key goes on as the current one."""

from pathlib import Path

from cli.command_line import command_of
from cli.moving import exported
from support.installation import Installation


def test_the_key_that_was_current_is_current_where_nobody_has_subscribed_yet(
    new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    """So nobody has to be subscribed anew."""
    new_home.add_devices(1)
    newer = command_of(new_home).json("vapid", "add", new_home.site.token)["public_key"]
    file = tmp_path / "site.ndjson"
    exported(new_home, file, "--with-vapid")
    command = command_of(other)

    dry = command.json("import", other.site.token, file, "--dry-run")
    assert len(command.json("vapid", "list", other.site.token)) == 1
    report = command.json("import", other.site.token, file)

    assert dry["current_key"] == report["current_key"] == newer
    listed = command.json("vapid", "list", other.site.token)
    assert (listed[0]["public_key"], listed[0]["is_current"]) == (newer, True)
    assert newer in command.run("import", other.site.token, file, "--dry-run").stdout


def test_a_key_with_subscriptions_stays_the_current_one(
    new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    new_home.add_devices(1)
    other.add_devices(1)
    file = tmp_path / "site.ndjson"
    exported(new_home, file, "--with-vapid")

    report = command_of(other).json("import", other.site.token, file)

    assert report["current_key"] is None
    assert command_of(other).json("vapid", "list", other.site.token)[0]["public_key"] == other.vapid_public_key
