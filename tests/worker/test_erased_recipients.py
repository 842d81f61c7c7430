"""Erased between planning and sending, or while a push is on its way: nothing arrives later, and counts stay right."""

from sqlalchemy import select

from sitebell.models import Profile
from sitebell.services.erasure import erase_profile
from support.installation import Installation


def erase_first(installation: Installation) -> None:
    """Erase the person of the first profile."""
    with installation.store.writing() as session:
        profile = session.scalars(select(Profile).order_by(Profile.id).limit(1)).one()
        erase_profile(session, installation.vault, profile, installation.clock())


def test_who_is_erased_after_planning_gets_nothing_and_is_counted_as_skipped(installation: Installation) -> None:
    erased, other = installation.add_devices(2)
    message_id = installation.send()
    installation.plan()
    erase_first(installation)
    installation.drain()

    assert (erased.messages, len(other.messages)) == ([], 1)
    assert installation.counts(message_id) == {"recipients": 2, "accepted": 1, "skipped": 1}
    assert installation.deliveries(message_id)[0].reason == "the subscription is erased"
    assert installation.message(message_id).status == "sent"


def test_who_is_erased_before_planning_is_no_recipient(installation: Installation) -> None:
    erased, _ = installation.add_devices(2)
    message_id = installation.send()
    erase_first(installation)
    installation.drain()

    assert erased.messages == []
    assert installation.counts(message_id) == {"recipients": 1, "accepted": 1}


def test_an_answer_that_comes_after_the_erase_changes_neither_the_delivery_nor_the_shell(
    installation: Installation,
) -> None:
    installation.add_devices(1)
    message_id = installation.send()
    installation.plan()
    pipeline = installation.pipeline()
    request = pipeline.next_request()
    erase_first(installation)
    installation.answer(pipeline, [request])
    pipeline.flush()
    pipeline.stop()

    [delivery] = installation.deliveries(message_id)
    [shell] = installation.subscriptions()
    assert (delivery.state, delivery.enrollment_id) == ("skipped", None)
    assert (shell.status, shell.address, shell.first_accepted_at) == ("erased", "", None)


def test_a_retry_that_waits_is_ended_by_the_erase(installation: Installation) -> None:
    [device] = installation.add_devices(1)
    installation.push.fault(503)
    message_id = installation.send()
    installation.drain()
    erase_first(installation)
    installation.clock.advance(hours=1)
    installation.drain()

    assert installation.counts(message_id) == {"recipients": 1, "skipped": 1}
    assert device.messages == []
    assert installation.message(message_id).status == "sent"
