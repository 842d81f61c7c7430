"""`sitebell import`: a site's subscribers brought along, with the key that they were made with."""

import json
import signal
import subprocess
from pathlib import Path

from sqlalchemy import select

from cli.command_line import CommandLine
from sitebell.models import Enrollment, Profile, Subscription
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.erasure import erase_subscriber
from sitebell.services.matching import Match
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, player
from support.waiting import wait_until
from support.web_application import Json, rows_of


def bring(sitebell: CommandLine, installation: Installation, file: Path, *options: object, code: int = 0) -> Json:
    """Import a file and return the report."""
    report: Json = sitebell.json("import", installation.site.token, file, *options, code=code)
    return report


def owners(installation: Installation) -> list[tuple[str | None, str]]:
    """Return whose the subscriptions are, and by whose word, in the order of their making."""
    query = select(Profile.external_id, Enrollment.bound_by).join(Enrollment, Enrollment.profile_id == Profile.id)
    with installation.store.reading() as session:
        rows = session.execute(query.where(Enrollment.left_at.is_(None)).order_by(Enrollment.subscription_id))
        return [(external_id, bound_by) for external_id, bound_by in rows]


def test_imported_browsers_get_messages_signed_by_their_old_key(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    devices = vendor.add_subscribers(2)
    rows = [player(devices[0], external_user_id="ann"), player(devices[1])]
    report = bring(sitebell, new_home, vendor.csv("players.csv", ONESIGNAL, rows), "--vapid", vendor.key_file)

    message = new_home.send()
    new_home.drain()

    assert (report["rows"], report["added"], report["named"], report["rejected"]) == (2, 2, 1, 0)
    assert report["keys"] == {vendor.key.public_text: 2}
    assert new_home.counts(message) == {"recipients": 2, "accepted": 2}
    assert owners(new_home) == [("ann", "import"), (None, "open")]
    assert json.loads(devices[0].decrypt(devices[0].messages[0]))["title"] == "Hello"


def test_a_new_key_stays_the_current_one(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    file = vendor.csv("players.csv", ONESIGNAL, [player(*vendor.add_subscribers(1))])
    bring(sitebell, new_home, file, "--vapid", vendor.key_file)

    listed = sitebell.json("vapid", "list", new_home.site.token)

    facts = [(row["public_key"], row["is_current"], row["subscriptions"]) for row in listed]
    assert facts == [(new_home.vapid_public_key, True, 0), (vendor.key.public_text, False, 1)]


def test_a_dry_run_reports_everything_and_changes_nothing(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    first, second = vendor.add_subscribers(2)
    elsewhere = player(second, identifier="https://push.example.org/1")
    rows = [player(first), player(second, web_auth="short"), player(first), elsewhere, player(second, device_type="0")]
    file = vendor.csv("players.csv", ONESIGNAL, rows)
    before = rows_of(new_home.store)

    report = bring(sitebell, new_home, file, "--vapid", vendor.key_file, "--dry-run")

    assert rows_of(new_home.store) == before
    assert not file.with_name("players.csv.rejected").exists()
    assert (report["added"], report["repeated"], report["repetitions"]) == (2, 1, [[4, 2]])
    assert [example[:2] for example in report["examples"]] == [[3, "invalid_keys"], [5, "invalid_endpoint"]]
    assert report["hosts"] == {first.host: 2}
    assert report["first_message"][0].startswith("2 browsers: OneSignal's worker")
    assert "no receipts" in report["first_message"][1]


def test_people_read_the_same_report(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    (device,) = vendor.add_subscribers(1)
    file = vendor.csv("players.csv", ONESIGNAL, [player(device), player(device), player(device, web_p256="x")])

    said = sitebell.run("import", new_home.site.token, file, "--vapid", vendor.key_file, "--dry-run").stdout

    for part in ("Nothing was changed", vendor.key.public_text, device.host, "line 3 repeats line 2", "line 4: inval"):
        assert part in said


def test_rejected_rows_can_be_mended_and_imported(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    good, bad = vendor.add_subscribers(2)
    file = vendor.csv("players.csv", ONESIGNAL, [player(bad, web_auth="nonsense"), player(good)])
    bring(sitebell, new_home, file, "--vapid", vendor.key_file)
    rejected = file.with_name("players.csv.rejected")

    assert rejected.stat().st_mode & 0o077 == 0
    assert "2,keys.auth must be 16 bytes" in rejected.read_text()
    rejected.write_text(rejected.read_text().replace("nonsense", bad.auth))
    report = bring(sitebell, new_home, rejected, "--vapid-key", vendor.key.public_text)
    assert (report["rows"], report["added"]) == (1, 1)


def test_importing_again_changes_nothing(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    devices = vendor.add_subscribers(3)
    file = vendor.csv("players.csv", ONESIGNAL, [player(one, external_user_id="ann") for one in devices])
    bring(sitebell, new_home, file, "--vapid", vendor.key_file)
    before = new_home.subscriptions(), owners(new_home)

    report = bring(sitebell, new_home, file, "--vapid-key", 2)

    assert (report["added"], report["known"]) == (0, 3)
    assert [vars(row)["updated_at"] for row in new_home.subscriptions()] == [row.updated_at for row in before[0]]
    assert owners(new_home) == before[1] == [("ann", "import")] * 3
    with new_home.store.reading() as session:
        assert session.query(Profile).count() == 1


def test_rel_an_import_that_was_killed_goes_on_where_it_stopped(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    count = 6000
    file = vendor.csv("players.csv", ONESIGNAL, map(player, vendor.add_subscribers(count)))
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file)
    with sitebell.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: list((sitebell.data / "imports").glob("*.json")), "the first checkpoint", 60)
        process.send_signal(signal.SIGKILL)
    stored = len(new_home.subscriptions())

    result = sitebell.run(*words, "--json")

    report = json.loads(result.stdout)
    assert 0 < stored < count
    assert "going on there" in result.stderr
    assert report["rows"] == report["added"] + report["known"] == count
    assert len(new_home.subscriptions()) == count
    assert not list((sitebell.data / "imports").iterdir())


def test_who_opted_out_stays_so(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    out, gone, there = vendor.add_subscribers(3)
    rows = [player(out, notification_types="-2"), player(gone, invalid_identifier="true"), player(there)]
    report = bring(sitebell, new_home, vendor.csv("p.csv", ONESIGNAL, rows), "--vapid", vendor.key_file)

    message = new_home.send()
    new_home.drain()

    assert report["ended"] == 2
    assert [row.status for row in new_home.subscriptions()] == ["unsubscribed", "unsubscribed", "subscribed"]
    assert new_home.counts(message) == {"recipients": 1, "accepted": 1}


def test_who_was_erased_here_is_not_brought_back(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    (device,) = vendor.add_subscribers(1)
    new_home.subscribe([device])
    with new_home.store.writing() as session:
        row = session.scalars(select(Subscription)).one()
        erase_subscriber(session, new_home.vault, row, new_home.clock())

    report = bring(sitebell, new_home, vendor.csv("p.csv", ONESIGNAL, [player(device)]), "--vapid", vendor.key_file)

    assert (report["added"], report["erased"]) == (0, 1)
    assert [row.status for row in new_home.subscriptions()] == ["erased"]


def test_a_browser_that_is_here_already_gets_a_name_only_if_it_has_none(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    devices = vendor.add_subscribers(2)
    new_home.subscribe(devices[:1])
    new_home.subscribe(devices[1:], Introduction(match=Match(external_id="bob")))
    file = vendor.csv("p.csv", ONESIGNAL, [player(device, external_user_id="ann") for device in devices])

    report = bring(sitebell, new_home, file, "--vapid", vendor.key_file)

    assert (report["known"], report["named"]) == (2, 1)
    assert owners(new_home) == [("ann", "import"), ("bob", "open")]


def test_sec_23_an_import_proves_whose_a_browser_is_on_a_signed_site(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """The operator's file says it; what browsers claimed about themselves does not count there."""
    claimed, imported = vendor.add_subscribers(2)
    ann = {"external_ids": ["ann"]}
    new_home.subscribe([claimed], Introduction(match=Match(external_id="ann")))
    sitebell.json("sites", "set", new_home.site.token, "--identity", "signed")
    file = vendor.csv("p.csv", ONESIGNAL, [player(imported, external_user_id="ann")])
    bring(sitebell, new_home, file, "--vapid", vendor.key_file)

    message = new_home.send(audience=ann)
    new_home.drain()

    assert new_home.counts(message) == {"recipients": 1, "accepted": 1}
    assert (len(claimed.messages), len(imported.messages)) == (0, 1)


def test_other_keys_for_a_known_endpoint_are_rejected(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    known, other = vendor.add_subscribers(1)[0], vendor.add_subscribers(1)[0]
    new_home.subscribe([known])
    row = player(known, web_auth=other.auth)

    report = bring(sitebell, new_home, vendor.csv("p.csv", ONESIGNAL, [row]), "--vapid", vendor.key_file, code=1)

    assert report["reasons"] == {"subscription_conflict": 1}


def test_the_visit_of_a_browser_ends_the_other_vendors_shape(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    devices = vendor.add_subscribers(2)
    bring(sitebell, new_home, vendor.csv("p.csv", ONESIGNAL, map(player, devices)), "--vapid", vendor.key_file)

    new_home.subscribe(devices[:1])

    assert [row.worker for row in new_home.subscriptions()] == [None, "onesignal"]


def test_without_a_key_nothing_is_imported(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    file = vendor.csv("p.csv", ONESIGNAL, [player(*vendor.add_subscribers(1))])

    assert "--vapid FILE" in sitebell.refused("import", new_home.site.token, file)
    assert "no VAPID key 9" in sitebell.refused("import", new_home.site.token, file, "--vapid-key", 9)
    assert new_home.subscriptions() == []
