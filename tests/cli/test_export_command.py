"""`sitebell export`: leaving is as easy, and coming back changes nothing."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from cli.command_line import CommandLine, command_of
from sitebell.models import BoundBy, Subscription
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.binding.enrollments import pause
from sitebell.services.confirmations import EmailSignup, sign_up
from sitebell.services.matching import Match
from sitebell.services.subscriptions.lifecycle import unsubscribe
from sitebell.services.tags import TagChange
from sitebell.services.topics import choose_topics, set_topics
from sitebell.services.webhooks.registry import create_webhook
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, player

MAILER = "https://hooks.example.com/mailer"
TOPICS = [("news", "News"), ("jobs", "Jobs")]


def offer_topics(installation: Installation) -> None:
    with installation.store.writing() as session:
        set_topics(session, session.merge(installation.site), TOPICS)


def populate(sitebell: CommandLine, installation: Installation, vendor: OldVendor) -> None:
    """Make browsers of every kind: named, paused, opted out, with topics and tags, from another vendor, an app's."""
    offer_topics(installation)
    ann = Introduction(match=Match(external_id="ann", email="ann@example.com"), tags=TagChange(add=["vip", "x"]))
    devices = installation.push.add_subscribers(4, installation.vapid_public_key)
    rows = installation.subscribe(devices[:2], ann) + installation.subscribe(devices[2:])
    with installation.store.writing() as session:
        first, second, third = (session.get_one(Subscription, row.id) for row in rows[:3])
        choose_topics(session, session.merge(installation.site), first, ["news", "jobs"], installation.clock())
        pause(session, second, installation.clock() + timedelta(days=3), installation.clock())
        unsubscribe(session, third, installation.clock())
    file = vendor.csv("p.csv", ONESIGNAL, [player(device) for device in vendor.add_subscribers(2)])
    sitebell.json("import", installation.site.token, file, "--vapid", vendor.key_file)
    tokens = vendor.csv("t.csv", ("token", "phone"), [{"token": "abc", "phone": "+4930901820"}])
    words = ("--provider", "ios-apns", "--match", "phone=phone")
    sitebell.json("import", installation.site.token, tokens, *words)


def sign_up_by_mail(installation: Installation, **confirms: bool) -> None:
    """Store e-mail addresses by their local parts; True leaves one waiting for its confirmation."""
    with installation.store.writing() as session:
        site = session.merge(installation.site)
        create_webhook(
            session, installation.vault, site, url=MAILER, events=["confirm_email"], now=installation.clock()
        )
        for name, waits in confirms.items():
            address = f"{name}@example.com"
            who = Introduction(match=Match(email=address), bound_by=BoundBy.BACKEND)
            signup = EmailSignup(address=address, introduction=who, confirms=waits)
            sign_up(session, installation.vault, site, signup, "https://bell.example.com", installation.clock())


def test_what_was_exported_and_imported_is_exported_again_byte_for_byte(
    sitebell: CommandLine, new_home: Installation, other: Installation, vendor: OldVendor, tmp_path: Path
) -> None:
    populate(sitebell, new_home, vendor)
    offer_topics(other)
    moved, returned = tmp_path / "moved.ndjson", tmp_path / "returned.ndjson"

    sitebell.run("export", new_home.site.token, moved, "--with-vapid")
    report = command_of(other).json("import", other.site.token, moved)
    command_of(other).run("export", other.site.token, returned)

    lines = moved.read_text().splitlines()
    assert (len(lines), report["rows"], report["added"], report["rejected"]) == (9, 7, 7, 0)
    assert returned.read_text().splitlines() == lines[2:]
    facts = [json.loads(line) for line in lines[2:]]
    assert [fact["status"] for fact in facts] == ["subscribed"] * 2 + ["unsubscribed"] + ["subscribed"] * 4
    assert facts[0]["topics"] == ["news", "jobs"]
    assert facts[0]["profiles"][0]["tags"] == ["vip", "x"]
    assert [fact["profiles"][0]["status"] for fact in facts[:2]] == ["subscribed", "suspended"]
    assert facts[0]["profiles"][0]["id"] == facts[1]["profiles"][0]["id"]


def test_e_mail_addresses_move_along_and_who_has_not_confirmed_goes_on_waiting(
    sitebell: CommandLine, new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    sign_up_by_mail(new_home, ann=False, ben=True)
    moved, returned = tmp_path / "moved.ndjson", tmp_path / "returned.ndjson"

    sitebell.run("export", new_home.site.token, moved)
    report = command_of(other).json("import", other.site.token, moved)
    command_of(other).run("export", other.site.token, returned)

    assert (report["added"], report["rejected"]) == (2, 0)
    assert returned.read_text() == moved.read_text().replace('"bound_by": "backend"', '"bound_by": "import"')
    assert [(row.channel, row.provider, row.address) for row in other.subscriptions()] == [
        ("email", "email", "ann@example.com"),
        ("email", "email", "ben@example.com"),
    ]
    standing = [json.loads(line)["profiles"][0]["status"] for line in returned.read_text().splitlines()]
    assert standing == ["subscribed", "unconfirmed"]


@pytest.mark.databases("sqlite")
def test_an_e_mail_address_that_is_none_is_rejected(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    file = vendor.ndjson("lines", [{"provider": "email", "token": "nobody"}])

    report = sitebell.json("import", new_home.site.token, file, code=1)

    assert report["reasons"] == {"invalid_email": 1}


def test_with_the_keys_the_next_server_can_send(
    sitebell: CommandLine, new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    devices = new_home.add_devices(3)
    file = tmp_path / "site.ndjson"
    warned = sitebell.run("export", new_home.site.token, file, "--with-vapid").stderr
    command_of(other).json("import", other.site.token, file)

    message = other.send()
    other.drain()

    assert "WARNING" in warned
    assert other.counts(message) == {"recipients": 3, "accepted": 3}
    assert [len(device.messages) for device in devices] == [1] * 3


def test_without_being_asked_no_private_key_leaves(
    sitebell: CommandLine, new_home: Installation, other: Installation, tmp_path: Path
) -> None:
    new_home.add_devices(1)
    file = tmp_path / "site.ndjson"

    result = sitebell.run("export", new_home.site.token, file)
    report = command_of(other).json("import", other.site.token, file, code=1)

    assert "WARNING" not in result.stderr
    assert "private" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert report["reasons"] == {"unknown_vapid_key": 1}


@pytest.mark.databases("sqlite")
def test_a_file_that_everybody_could_read_is_closed_to_them(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, tmp_path: Path
) -> None:
    new_home.add_devices(1)
    file = tmp_path / "site.ndjson"
    rejected = tmp_path / "lines.rejected"
    for existing in (file, rejected):
        existing.write_text("older and longer, rejected_line\n" * 100)
        existing.chmod(0o644)

    sitebell.run("export", new_home.site.token, file)
    sitebell.run("import", new_home.site.token, vendor.ndjson("lines", [{}]))

    assert [existing.stat().st_mode & 0o777 for existing in (file, rejected)] == [0o600, 0o600]
    assert "older" not in file.read_text() + rejected.read_text()


@pytest.mark.databases("sqlite")
def test_what_is_no_file_keeps_its_mode(sitebell: CommandLine, new_home: Installation, tmp_path: Path) -> None:
    """A named pipe, or /dev/null, is not ours to close."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o644)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    result = sitebell.run("export", new_home.site.token, pipe)
    os.close(reader)

    assert (result.exit_code, pipe.stat().st_mode & 0o777) == (0, 0o644)


def test_an_export_is_printed_and_written_down(sitebell: CommandLine, new_home: Installation) -> None:
    new_home.add_devices(2)

    printed = sitebell.run("export", new_home.site.token).stdout

    assert len(printed.splitlines()) == 2
    assert sitebell.json("audit", "list")[0]["action"] == "subscriptions.export"
