"""Audiences as sending walks them: each browser once, nobody after they left, a large site in bounded steps."""

from datetime import timedelta

from sqlalchemy import select

from sitebell.models import BoundBy, Enrollment, IdentityMode, Profile, Site
from sitebell.services.binding.enrolling import detach
from sitebell.services.databases import create_database, link_database
from sitebell.services.erasure import erase_profile
from sitebell.services.identity.strictness import set_identity
from sitebell.services.subscriptions.lifecycle import prove_subscription, unsubscribe
from sitebell.services.topics import add_topic, remove_topic
from support.installation import Installation
from support.push_service.subscriber import Subscriber
from worker.visits import address_of, introduce


def add_database(installation: Installation) -> int:
    """Link one more database to the site and return its id."""
    with installation.store.writing() as session:
        database = create_database(session, name="second", now=installation.clock())
        link_database(session, installation.site, database)
        return database.id


def reached(devices: list[Subscriber]) -> list[int]:
    """Return how many messages each device has got."""
    return [len(device.messages) for device in devices]


def test_a_message_to_a_person_reaches_each_of_their_browsers_and_nobody_else(installation: Installation) -> None:
    devices = installation.add_devices(4)
    introduce(installation, devices[0], "ann")
    introduce(installation, devices[1], "bob")
    introduce(installation, devices[2], "ann")
    message = installation.send(audience={"external_ids": ["ann", "nobody"]})

    installation.drain()

    assert reached(devices) == [1, 0, 1, 0]
    assert installation.counts(message) == {"recipients": 2, "accepted": 2}


def test_a_browser_of_several_matching_profiles_gets_the_message_once(installation: Installation) -> None:
    """Found by a list, by another list, by a tag and by a comparison, at two profiles in two databases."""
    second = add_database(installation)
    [device] = installation.add_devices(1)
    introduce(installation, device, "ann", tags=["vip"], database_ids=[installation.database_id])
    introduce(installation, device, "anna", tags=["vip"], database_ids=[second], exclusive=False)
    [row] = installation.subscriptions()
    where = {"field": "external_id", "op": "begins_with", "value": "ann"}
    lists = {"external_ids": ["ann", "anna"], "subscriber_hashes": [row.subscriber_hash]}
    message = installation.send(audience={**lists, "tags": ["vip"], "where": where})

    installation.drain()

    assert reached([device]) == [1]
    assert installation.counts(message) == {"recipients": 1, "accepted": 1}


def test_a_delivery_is_for_the_profile_that_matches(installation: Installation) -> None:
    second = add_database(installation)
    [device] = installation.add_devices(1)
    introduce(installation, device, "ann", tags=["vip"], database_ids=[second], exclusive=False)
    message = installation.send(audience={"tags": ["vip"]})

    installation.plan()

    [delivery] = installation.deliveries(message)
    with installation.store.reading() as session:
        [profile] = session.scalars(select(Profile).where(Profile.external_id == "ann"))
        enrolled = session.get_one(Enrollment, delivery.enrollment_id)
    assert enrolled.profile_id == profile.id


def test_topics_reach_those_who_chose_one_of_them(installation: Installation) -> None:
    devices = installation.add_devices(3)
    with installation.store.writing() as session:
        for name in ("news", "offers", "sport"):
            add_topic(session, installation.site, name=name, title=name)
    introduce(installation, devices[0], topics=["news", "offers"])
    introduce(installation, devices[2], topics=["sport"])
    installation.send(audience={"topics": ["news", "offers"]})

    installation.drain()

    assert reached(devices) == [1, 0, 0]


def test_a_topic_that_was_removed_before_the_message_went_out_reaches_nobody(installation: Installation) -> None:
    [device] = installation.add_devices(1)
    with installation.store.writing() as session:
        add_topic(session, installation.site, name="news", title="News")
    introduce(installation, device, topics=["news"])
    sets = installation.send(audience={"topics": ["news"]})
    compared = installation.send(audience={"where": {"field": "topics", "op": "contains", "value": "news"}})
    with installation.store.writing() as session:
        remove_topic(session, installation.site, "news")

    installation.drain()

    assert reached([device]) == [0]
    assert [installation.message(message).status for message in (sets, compared)] == ["sent", "sent"]


def test_who_logs_out_between_planning_and_sending_is_skipped(installation: Installation) -> None:
    devices = installation.add_devices(2)
    for device in devices:
        introduce(installation, device, "ann")
    message = installation.send(audience={"external_ids": ["ann"]})
    installation.plan()
    with installation.store.writing() as session:
        row = prove_subscription(session, installation.site, address_of(devices[0]))
        detach(session, installation.site, row, installation.clock())

    installation.drain()

    assert reached(devices) == [0, 1]
    assert installation.counts(message) == {"recipients": 2, "accepted": 1, "skipped": 1}
    assert installation.deliveries(message)[0].reason == "the enrollment is suspended"


def test_somebody_else_who_logs_in_between_planning_and_sending_does_not_get_it(installation: Installation) -> None:
    [device] = installation.add_devices(1)
    introduce(installation, device, "ann")
    message = installation.send(audience={"external_ids": ["ann"]})
    installation.plan()
    introduce(installation, device, "bob")

    installation.drain()

    assert reached([device]) == [0]
    assert installation.deliveries(message)[0].reason == "the enrollment is suspended"


def test_who_unsubscribes_between_planning_and_sending_is_skipped(installation: Installation) -> None:
    [device] = installation.add_devices(1)
    introduce(installation, device, tags=["vip"])
    message = installation.send(audience={"tags": ["vip"]})
    installation.plan()
    with installation.store.writing() as session:
        unsubscribe(session, prove_subscription(session, installation.site, address_of(device)), installation.clock())

    installation.drain()

    assert reached([device]) == [0]
    assert installation.deliveries(message)[0].reason == "the subscription is unsubscribed"


def test_who_is_erased_between_planning_and_sending_is_skipped(installation: Installation) -> None:
    [device] = installation.add_devices(1)
    introduce(installation, device, "ann")
    message = installation.send(audience={"external_ids": ["ann"]})
    installation.plan()
    with installation.store.writing() as session:
        [profile] = session.scalars(select(Profile).where(Profile.external_id == "ann"))
        erase_profile(session, installation.vault, profile, installation.clock())

    installation.drain()

    assert reached([device]) == [0]
    assert installation.counts(message) == {"recipients": 1, "skipped": 1}
    assert installation.deliveries(message)[0].reason == "the subscription is erased"


def test_relative_moments_are_counted_from_when_the_message_is_due(installation: Installation) -> None:
    """Not from when it was created, nor from when the planner comes to it."""
    installation.clock.advance(days=-8)  # pushes are signed for the present
    [device] = installation.add_devices(1)
    where = {"field": "subscription.seen_at", "op": "before", "value": {"days_ago": 7}}
    moments = [installation.clock() + timedelta(days=days) for days in (6, 8)]
    messages = [installation.send(audience={"where": where}, send_at=due, ttl=864_000) for due in moments]
    installation.clock.advance(days=8)

    installation.drain()

    assert [installation.counts(message).get("accepted", 0) for message in messages] == [0, 1]
    assert reached([device]) == [1]


def test_on_a_signed_site_a_list_of_topics_reaches_browsers_that_nobody_proved(installation: Installation) -> None:
    """A topic is the browser's own choice; a tag says who somebody is."""
    [device] = installation.add_devices(1)
    with installation.store.writing() as session:
        add_topic(session, installation.site, name="news", title="News")
    introduce(installation, device, "ann", topics=["news"], tags=["vip"], bound_by=BoundBy.OPEN)
    with installation.store.writing() as session:
        set_identity(session, session.get_one(Site, installation.site.id), IdentityMode.SIGNED, installation.clock())
    installation.send(audience={"tags": ["vip"], "external_ids": ["ann"]})
    installation.drain()
    assert reached([device]) == [0]

    installation.send(audience={"topics": ["news"]})
    installation.drain()

    assert reached([device]) == [1]
