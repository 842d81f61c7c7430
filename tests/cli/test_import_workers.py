"""What an import says about the first message, and what it takes from the vendor whose worker shows it."""

from typing import Any

import pytest
from sqlalchemy import select

from cli.command_line import CommandLine
from sitebell.models import ProfileTag
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, own_row, player

pytestmark = pytest.mark.databases("sqlite")


def test_only_who_is_reached_sees_the_first_message(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    out, there = vendor.add_subscribers(2)
    file = vendor.csv("p.csv", ONESIGNAL, [player(out, notification_types="-2"), player(there)])

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert (report["added"], report["ended"], report["workers"]) == (2, 1, {"onesignal": 1})
    assert report["first_message"][0].startswith("1 browsers")


def test_of_those_who_paused_nobody_sees_the_first_message(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    (paused,) = vendor.add_subscribers(1)
    file = vendor.csv("own.csv", (*own_row(paused), "status"), [own_row(paused, status="suspended")])

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file, "--worker", "perfecty")

    assert (report["added"], report["ended"], report["workers"], report["first_message"]) == (1, 1, {}, [])


@pytest.mark.parametrize("worker", ["foo", "__proto__", "OneSignal", 7, ["perfecty"]])
def test_a_line_that_names_a_worker_that_nobody_knows_is_rejected(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, worker: Any
) -> None:
    known, own, bad = vendor.add_subscribers(3)
    lines = [own_row(known, worker="perfecty"), own_row(own, worker=""), own_row(bad, worker=worker)]
    file = vendor.ndjson("lines", lines)

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert (report["workers"], [one[:2] for one in report["examples"]]) == (
        {"perfecty": 1, "": 1},
        [[3, "invalid_row"]],
    )
    assert [row.worker for row in new_home.subscriptions()] == ["perfecty", None]


def test_tags_of_onesignal_that_are_no_texts_are_written_as_json_or_left_out(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """One without a value is none; a nested one is counted."""
    named, nameless = vendor.add_subscribers(2)
    tags = '{"paid": true, "left": false, "gone": null, "age": 7, "rate": 1.5, "plan": "gold", "x": {"y": 1}, "z": []}'
    rows = [player(named, tags=tags, external_user_id="ann"), player(nameless, tags='{"x": [], "y": null}')]

    file = vendor.csv("p.csv", ONESIGNAL, rows)
    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert (report["added"], report["lost_tags"]) == (2, 3)
    with new_home.store.reading() as session:
        found = list(session.scalars(select(ProfileTag.tag)))
    assert sorted(found) == ["age=7", "left=false", "paid=true", "plan=gold", "rate=1.5"]


def test_of_many_push_hosts_a_hundred_are_told_apart(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """A file may name as many as it has rows, where a push service gives each browser its own."""
    rows = [own_row(one) for one in vendor.add_subscribers(103)]
    for at, row in enumerate(rows):
        row["endpoint"] = f"https://h{at}.notify.windows.com/w/?token={at}"
    file = vendor.csv("own.csv", list(rows[0]), rows)

    report = sitebell.json("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert (report["added"], len(report["hosts"]), report["hosts"]["others"]) == (103, 101, 3)
