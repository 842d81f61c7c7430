"""The status of a row: words and numbers that are known, in any case; to guess would opt people out for good."""

import pytest
from sqlalchemy import select

from cli.command_line import CommandLine
from sitebell.models import Enrollment
from support.installation import Installation
from support.old_vendor import OldVendor, own_row

COLUMNS = ("endpoint", "p256dh", "auth", "status")
THERE, OUT, GONE = ("subscribed", "subscribed"), ("unsubscribed", "subscribed"), ("gone", "subscribed")
MEANINGS = {
    "subscribed": THERE,
    "SUBSCRIBED": THERE,
    "Active": THERE,
    "0": THERE,
    "": THERE,
    "Unsubscribed": OUT,
    "1": OUT,
    "inactive": OUT,
    "DENIED": OUT,
    "CLOSED": OUT,
    "Gone": GONE,
    "complained": ("unsubscribed", "complained"),
    "2": ("unsubscribed", "complained"),
    "HARDBOUNCED": ("subscribed", "hardbounced"),
    "4": ("subscribed", "unconfirmed"),
    "Suspended": ("subscribed", "suspended"),
    "5": ("subscribed", "suspended"),
    "6": ("subscribed", "invalid"),
}


def statuses(installation: Installation) -> list[tuple[str, str]]:
    """Return the statuses of the subscriptions and of their enrollments, in the order of their making."""
    with installation.store.reading() as session:
        places = list(session.scalars(select(Enrollment.status).order_by(Enrollment.subscription_id)))
    return [(row.status, place) for row, place in zip(installation.subscriptions(), places, strict=True)]


def test_a_status_is_understood_as_it_is_written_elsewhere(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    rows = [
        own_row(device, status=word)
        for device, word in zip(vendor.add_subscribers(len(MEANINGS)), MEANINGS, strict=True)
    ]
    file = vendor.csv("own.csv", COLUMNS, rows)

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)
    message = new_home.send()
    new_home.drain()

    assert dict(zip(MEANINGS, statuses(new_home), strict=True)) == MEANINGS
    there = list(MEANINGS.values()).count(THERE)
    assert report["ended"] == len(MEANINGS) - there
    assert new_home.counts(message) == {"recipients": there, "accepted": there}


@pytest.mark.parametrize("word", ["paid", "7", "-1", "true", "subscribed?"])
@pytest.mark.databases("sqlite")
def test_a_status_that_nobody_knows_rejects_its_row(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, word: str
) -> None:
    """In both formats; mended, the row is imported, since nothing was stored of it."""
    (device,) = vendor.add_subscribers(1)
    row = own_row(device, status=word)
    key = ("--vapid", vendor.key_file)
    for file in (vendor.csv("own.csv", COLUMNS, [row]), vendor.ndjson("own.ndjson", [row])):
        report = sitebell.json("import", new_home.site.token, file, *key, code=1)
        assert report["reasons"] == {"invalid_row": 1}
        assert word in report["examples"][0][2]
    assert new_home.subscriptions() == []

    mended = vendor.csv("mended.csv", COLUMNS, [row | {"status": "Subscribed"}])
    assert sitebell.json("import", new_home.site.token, mended, *key)["added"] == 1
    assert statuses(new_home) == [THERE]


@pytest.mark.databases("sqlite")
def test_lines_of_json_know_the_same_words(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    lines = [
        device.subscription() | {"status": word}
        for device, word in zip(vendor.add_subscribers(4), ("UNSUBSCRIBED", 0, 5, "Gone"), strict=True)
    ]

    sitebell.json("import", new_home.site.token, vendor.ndjson("own.ndjson", lines), "--vapid", vendor.key_file)

    assert statuses(new_home) == [OUT, THERE, MEANINGS["5"], GONE]
