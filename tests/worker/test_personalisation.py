"""A notification with the recipient's own values: filled in at the sending, and what fails for one fails for one."""

import json

import pytest
from sqlalchemy import select

from sitebell.models import FieldType, Message
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.databases import create_database, link_database
from sitebell.services.fields.defining import create_field
from sitebell.services.fields.updates import update_fields
from sitebell.services.matching import Match, find_or_create_profile
from support.installation import Installation
from support.people import add_person, shown
from support.query_plans import Statement, watched
from support.web_application import Json, rows_of


def about_values(statements: list[Statement]) -> list[str]:
    """Return the statements about values of fields."""
    return [sql for sql, _ in statements if "field_value" in sql]


def test_each_recipient_reads_the_own_values(installation: Installation) -> None:
    people = [
        add_person(installation, name, _fname=name.title(), email=f"{name}@example.com") for name in ("ann", "bo")
    ]
    installation.send(
        notification={
            "title": "Hello {{ profile._fname }}",
            "body": "You are {{ profile.external_id | upper }}, {{ profile.email }}",
            "actions": [{"action": "go", "title": "Go, {{ profile._fname }}", "url": "/{{ profile.external_id }}"}],
        }
    )

    installation.drain()

    assert [shown(person)["title"] for person in people] == ["Hello Ann", "Hello Bo"]
    assert [shown(person)["body"] for person in people] == [
        "You are ANN, ann@example.com",
        "You are BO, bo@example.com",
    ]
    assert shown(people[1])["actions"] == [{"action": "go", "title": "Go, Bo", "navigate": "/bo"}]


def test_a_missing_value_is_an_empty_text_or_the_default(installation: Installation) -> None:
    (nobody,) = installation.add_devices(1)
    installation.send(
        notification={"title": 'Hi {{ profile._fname | default("there") }}', "body": "<{{ profile._city }}>"}
    )

    installation.drain()

    assert (shown(nobody)["title"], shown(nobody)["body"]) == ("Hi there", "<>")


def test_an_empty_text_counts_as_missing(installation: Installation) -> None:
    person = add_person(installation, "ann", _fname="")
    installation.send(notification={"title": 'Hi {{ profile._fname | default("there") }}'})

    installation.drain()

    assert shown(person)["title"] == "Hi there"


@pytest.mark.parametrize(
    ("notification", "reason"),
    [
        ({"title": "Hello", "url": "/{{ profile._city }}/news"}, "url"),
        ({"title": "{{ profile._city }}"}, "title"),
        ({"title": "Hello", "actions": [{"action": "a", "title": "{{ profile._city }}"}]}, "title"),
    ],
)
def test_what_fails_for_one_recipient_fails_for_that_one_only(
    installation: Installation, notification: Json, reason: str
) -> None:
    """`/` and `/news` around a missing value would lead to another host, and a title of nothing shows nothing."""
    people = [add_person(installation, "a", _city="Rome")]
    people += [add_person(installation, "b"), add_person(installation, "c", _city="Bari")]
    message = installation.send(notification=notification)

    installation.drain()

    assert [len(person.messages) for person in people] == [1, 0, 1]
    assert installation.counts(message) == {"recipients": 3, "accepted": 2, "failed": 1}
    assert installation.deliveries(message)[1].reason.startswith(reason)
    assert installation.message(message).status == "sent"


def test_a_notification_that_outgrows_a_push_fails_for_that_recipient_only(installation: Installation) -> None:
    small, large = add_person(installation, "a", _city="Rome"), add_person(installation, "b", _city="x" * 500)
    message = installation.send(notification={"title": "Hello", "body": "{{ profile._city }}" * 10})

    installation.drain()

    assert (len(small.messages), len(large.messages)) == (1, 0)
    failed = installation.deliveries(message)[1]
    assert (failed.state, "3993" in failed.reason) == ("failed", True)


def test_whatever_a_filter_makes_of_a_value_fails_for_that_recipient_only(installation: Installation) -> None:
    """Here the date of infinity, which is asked for one person alone and so passes the check of the message."""
    people = [add_person(installation, "a"), add_person(installation, "b", _fname="zz"), add_person(installation, "c")]
    title = "{{ (1e400|date) if profile._fname == 'zz' else 'Hello' }}"
    message = installation.send(notification={"title": title})

    installation.drain()

    assert [len(person.messages) for person in people] == [1, 0, 1]
    assert installation.counts(message) == {"recipients": 3, "accepted": 2, "failed": 1}


def test_a_message_that_cannot_be_composed_fails_and_holds_up_no_other(installation: Installation) -> None:
    """No route lets half of a surrogate pair through; a fault of ours could."""
    person = add_person(installation, "a")
    broken, whole = (installation.send(notification={"title": title}) for title in ("Broken", "Whole"))
    with installation.store.writing() as session:
        row = session.scalars(select(Message).where(Message.public_id == broken)).one()
        row.notification = {"title": "\ud800"}

    installation.drain()

    assert len(person.messages) == 1
    assert installation.message(broken).status == "failed"
    assert "A fault of the server" in installation.message(broken).status_reason
    assert installation.message(whole).status == "sent"


def test_sec_43_what_a_recipient_read_is_stored_nowhere(installation: Installation) -> None:
    """Neither what was sent nor why something was not."""
    add_person(installation, "a", _fname="Marker", _city="Rome")
    add_person(installation, "b", _fname="Marker")
    notification = {"title": "Hello {{ profile._fname }}", "url": "/{{ profile._city }}/{{ profile._fname }}"}
    message = installation.send(notification=notification)

    installation.drain()

    assert installation.counts(message) == {"recipients": 2, "accepted": 1, "failed": 1}
    rows = {name: repr(content) for name, content in rows_of(installation.store).items()}
    assert [name for name, content in rows.items() if "Marker" in content] == ["field_value"]


def test_the_values_are_those_at_the_sending(installation: Installation) -> None:
    """Also when a delivery is tried again."""
    person = add_person(installation, "ann", _fname="Ann")
    installation.send(notification={"title": "Hello {{ profile._fname }}"})
    installation.push.fault(503)
    installation.drain()
    with installation.store.writing() as session:
        match = Match(external_id="ann")
        profile, _ = find_or_create_profile(session, installation.database_id, match, installation.clock())
        update_fields(session, profile, {"_fname": "Anna"}, installation.clock())
    installation.clock.advance(hours=1)

    installation.drain()

    assert shown(person)["title"] == "Hello Anna"


def test_the_profile_is_the_one_that_the_message_is_for(installation: Installation) -> None:
    """Two people share a browser and both stay enrolled: a message to one says nothing of the other."""
    (device,) = installation.push.add_subscribers(1, installation.vapid_public_key)
    for name in ("ann", "bob"):
        who = Introduction(match=Match(external_id=name), fields={"_fname": name}, exclusive=False)
        installation.subscribe([device], who)
    for name in ("ann", "bob"):
        title = f"To {name}: hello {{{{ profile._fname }}}}"
        installation.send(audience={"external_ids": [name]}, notification={"title": title})

    installation.drain()

    titles = {json.loads(device.decrypt(message))["notification"]["title"] for message in device.messages}
    assert titles == {"To ann: hello ann", "To bob: hello bob"}


def test_a_field_that_only_one_database_has_is_empty_in_the_other(installation: Installation) -> None:
    with installation.store.writing() as session:
        database = create_database(session, name="More", now=installation.clock())
        create_field(session, database, name="card", kind=FieldType.TEXT)
        link_database(session, installation.site, database)
    person = add_person(installation, "ann")
    installation.send(notification={"title": "Hello", "body": "<{{ profile.card }}>"})

    installation.drain()

    assert shown(person)["body"] == "<>"


@pytest.mark.parametrize("count", [1, 300])
def test_a_batch_costs_one_query_for_all_fields_of_all_recipients(installation: Installation, count: int) -> None:
    installation.add_devices(count)
    installation.send(notification={"title": "Hello {{ profile._fname }} {{ profile._lname }} {{ profile._city }}"})

    with watched(installation.store.engine) as statements:
        installation.drain()

    assert len(about_values(statements)) == 1


def test_a_message_that_is_the_same_for_all_asks_for_no_value(installation: Installation) -> None:
    installation.add_devices(10)
    installation.send(notification={"title": "Hello {% you %} {# all #} }}"})

    with watched(installation.store.engine) as statements:
        installation.drain()

    assert about_values(statements) == []
