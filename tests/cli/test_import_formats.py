"""What `sitebell import` reads: Perfecty's table, plain CSV, tokens of apps, NDJSON; packed or not."""

import gzip
import json

import pytest
from sqlalchemy import select

from cli.command_line import CommandLine
from sitebell.models import Enrollment, FieldType, Profile, ProfilePhone, ProfileTag
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.matching import Match
from support.installation import Installation
from support.old_vendor import ONESIGNAL, PERFECTY, OldVendor, own_row, perfecty_user, player
from support.people import add_fields
from support.web_application import Json

COLUMNS = ("endpoint", "p256dh", "auth", "customer", "mail")


def bring(sitebell: CommandLine, installation: Installation, *words: object) -> Json:
    """Import and return the report."""
    report: Json = sitebell.json("import", installation.site.token, *words)
    return report


def people(installation: Installation) -> list[Profile]:
    """Return the profiles of the subscriptions, in the order of their making."""
    query = select(Profile).join(Enrollment, Enrollment.profile_id == Profile.id).order_by(Enrollment.subscription_id)
    with installation.store.reading() as session:
        return list(session.scalars(query))


def test_whoever_is_inactive_or_disabled_in_perfectys_table_comes_unsubscribed(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    there, inactive, disabled = vendor.add_subscribers(3)
    rows = [
        perfecty_user(there, creation_time="2024-05-01 10:00:00"),
        perfecty_user(inactive, is_active="0"),
        perfecty_user(disabled, disabled="1"),
    ]
    report = bring(sitebell, new_home, vendor.csv("users.csv", PERFECTY, rows), "--vapid", vendor.key_file)

    stored = new_home.subscriptions()
    assert (report["added"], report["ended"], report["workers"]) == (3, 2, {"perfecty": 1})
    assert [row.status for row in stored] == ["subscribed", "unsubscribed", "unsubscribed"]
    assert stored[0].created_at.isoformat() == "2024-05-01T10:00:00+00:00"


def test_onesignals_packed_export_brings_language_date_and_tags(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    (device,) = vendor.add_subscribers(1)
    facts = {"language": "de", "created_at": "2023-01-02 03:04:05 UTC", "tags": '{"plan": "gold", "x": "\\u0000"}'}
    file = vendor.csv("players.csv", ONESIGNAL, [player(device, **facts)])
    packed = vendor.write("players.csv.gz", gzip.compress(file.read_bytes()))

    report = bring(sitebell, new_home, packed, "--vapid", vendor.key_file)

    assert (report["added"], report["lost_tags"]) == (1, 1)
    (row,) = new_home.subscriptions()
    assert (row.locale, row.created_at.isoformat()) == ("de", "2023-01-02T03:04:05+00:00")
    with new_home.store.reading() as session:
        assert list(session.scalars(select(ProfileTag.tag))) == ["plan=gold"]


def test_a_column_names_the_person(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    """Two browsers of one person make one profile; the address is stored as it is found elsewhere."""
    first, second, third, fourth = vendor.add_subscribers(4)
    rows = [
        own_row(first, customer="7", mail="Ann@Example.com"),
        own_row(second, customer="7"),
        own_row(third, mail="bob@example.com"),
        own_row(fourth, mail="no address"),
    ]
    file = vendor.csv("own.csv", COLUMNS, rows)
    match = ("--match", "external_id=customer", "--match", "email=mail")

    report = bring(sitebell, new_home, file, "--vapid", vendor.key_file, *match)

    assert report["reasons"] == {"invalid_email": 1}
    found = [(person.external_id, person.email) for person in people(new_home)]
    assert found == [("7", "ann@example.com"), ("7", "ann@example.com"), (None, "bob@example.com")]
    assert report["workers"] == {"": 3}


def test_a_known_person_is_found_by_a_custom_field(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    add_fields(new_home, number=FieldType.INTEGER)
    known, new = vendor.add_subscribers(2)
    (visitor,) = new_home.push.add_subscribers(1, new_home.vapid_public_key)
    new_home.subscribe([visitor], Introduction(match=Match(custom=("number", 7))))
    file = vendor.csv("own.csv", COLUMNS, [own_row(known, customer="7"), own_row(new, customer="x")])

    report = bring(sitebell, new_home, file, "--vapid", vendor.key_file, "--match", "number=customer")

    assert report["reasons"] == {"invalid_value": 1}
    assert len({person.id for person in people(new_home)}) == 1


def test_a_profile_id_is_only_ever_found(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    (visitor,) = new_home.push.add_subscribers(1, new_home.vapid_public_key)
    new_home.subscribe([visitor])
    known, lost = vendor.add_subscribers(2)
    rows = [own_row(known, customer=people(new_home)[0].public_id), own_row(lost, customer="0" * 24)]

    file = vendor.csv("own.csv", COLUMNS, rows)
    report = bring(sitebell, new_home, file, "--vapid", vendor.key_file, "--match", "profile_id=customer")

    assert report["reasons"] == {"profile_not_found": 1}
    assert len({person.id for person in people(new_home)}) == 1
    assert report["added"] == 1


def test_tokens_of_apps_are_stored_with_their_provider(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    file = vendor.csv("tokens.csv", ("token", "phone"), [{"token": "abc", "phone": "+4930901820"}, {"phone": "+1"}])
    options = ("--provider", "ios-apns", "--match", "phone=phone")

    report = bring(sitebell, new_home, file, *options)

    (row,) = new_home.subscriptions()
    assert (row.channel, row.provider, row.address, row.vapid_key_id) == ("mobile", "ios-apns", "abc", None)
    assert report["rejected"] == 1
    with new_home.store.reading() as session:
        assert list(session.scalars(select(ProfilePhone.phone))) == ["+4930901820"]


def test_lines_as_browsers_write_their_subscriptions(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    devices = vendor.add_subscribers(2)
    lines = [{**device.subscription(), "vapid_public_key": vendor.key.public_text} for device in devices]
    sitebell.json("vapid", "import", new_home.site.token, vendor.key_file)

    report = bring(sitebell, new_home, vendor.ndjson("lines.ndjson", lines), "--worker", "cleverpush")

    assert (report["added"], report["workers"]) == (2, {"cleverpush": 2})
    assert "fallback or nothing" in report["first_message"][0]


@pytest.mark.databases("sqlite")
def test_lines_that_cannot_be_read_are_told_apart(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    (device,) = vendor.add_subscribers(1)
    good = vendor.ndjson("good", [device.subscription()]).read_bytes()
    long = b'{"endpoint": "' + b"x" * 600_000 + b'"}\n'
    bad = [b"{nonsense}\n", b"{}\n", b'{"endpoint": "\xff"}\n', b'{"endpoint": 1, "profiles": 7}\n', long, b"\n"]
    file = vendor.write("lines.ndjson", good[:1] + good[1:].rstrip() + b"\n" + b"".join(bad) + b"[1]\n")

    report = bring(sitebell, new_home, file, "--vapid", vendor.key_file)

    told = [example[:2] for example in report["examples"]]
    assert report["added"] == 1
    assert told[0] == [2, "unreadable_row"]
    assert [line for line, _ in told] == [2, 3, 4, 5, 6, 8]
    rejected = file.with_name("lines.ndjson.rejected").read_bytes().splitlines()
    assert len(rejected) == 6
    assert b'"rejected_text": "{nonsense}"' in rejected[0]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "begins with the names of its columns"),
        ("id,identifier,invalid_identifier\n1,2,3\n", 'extra_fields ["web_auth", "web_p256"'),
        (b"\x1f\x8bbroken", "cannot be read"),
        (b"\x1f\x8b\x08" + b"\0" * 7 + b"\xff" * 20, "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_refused(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor, text: str | bytes, complaint: str
) -> None:
    file = vendor.write("file", text)

    assert complaint in sitebell.refused("import", new_home.site.token, file, "--vapid", vendor.key_file)


@pytest.mark.databases("sqlite")
def test_options_that_do_not_fit_the_file_are_refused(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    file = vendor.csv("own.csv", COLUMNS, [own_row(*vendor.add_subscribers(1))])
    words = ("import", new_home.site.token, file, "--vapid", vendor.key_file)

    assert "no column nothing" in sitebell.refused(*words, "--match", "email=nothing")
    assert "no field hobby" in sitebell.refused(*words, "--match", "hobby=customer")
    assert "FIELD=COLUMN" in sitebell.refused(*words, "--match", "email", code=2)
    assert "not of the format ndjson" in sitebell.refused(*words, "--format", "ndjson")
    lines = vendor.ndjson("lines", [{"mail": "ann@example.com"}])
    assert "in `profiles`" in sitebell.refused(*words[:2], lines, "--match", "email=mail")
    assert new_home.subscriptions() == []


@pytest.mark.databases("sqlite")
def test_one_column_is_enough_where_it_says_how_somebody_is_reached(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    (device,) = vendor.add_subscribers(1)
    browsers = vendor.csv("browsers.csv", ("subscription",), [{"subscription": json.dumps(device.subscription())}])
    apps = vendor.csv("apps.csv", ("token",), [{"token": "abc"}])

    assert bring(sitebell, new_home, browsers, "--vapid", vendor.key_file)["added"] == 1
    assert bring(sitebell, new_home, apps, "--provider", "android-firebase")["added"] == 1

    assert [row.provider for row in new_home.subscriptions()][1:] == ["android-firebase"]
    names = vendor.csv("names.csv", ("name",), [{"name": "ann"}])
    assert "no file of subscriptions" in sitebell.refused("import", new_home.site.token, names)


@pytest.mark.databases("sqlite")
def test_tokens_in_lines_of_json_are_of_the_named_provider_unless_they_say_another(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    file = vendor.ndjson("tokens", [{"token": "abc"}, {"token": "def", "provider": "ios-apns"}])

    assert bring(sitebell, new_home, file, "--provider", "android-firebase")["rejected"] == 0

    assert [row.provider for row in new_home.subscriptions()] == ["android-firebase", "ios-apns"]
