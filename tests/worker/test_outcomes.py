"""What each answer of a push service does to the delivery, the subscription and the message (REL-05)."""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from sitebell.models import SubscriptionStatus
from sitebell.push.client import Outcome, OutcomeKind
from sitebell.services.subscriptions.lifecycle import Registration, parse_address, put_subscription
from support.installation import RULES, Installation, shown_title

SUBSCRIBED, GONE = SubscriptionStatus.SUBSCRIBED, SubscriptionStatus.GONE


@pytest.mark.parametrize(
    ("status", "state", "subscription"),
    [
        (200, "accepted", SUBSCRIBED),
        (201, "accepted", SUBSCRIBED),
        (202, "accepted", SUBSCRIBED),
        (204, "accepted", SUBSCRIBED),
        (307, "failed", SUBSCRIBED),
        (400, "failed", SUBSCRIBED),
        (401, "retrying", SUBSCRIBED),
        (403, "retrying", SUBSCRIBED),
        (404, "gone", GONE),
        (406, "retrying", SUBSCRIBED),
        (410, "gone", GONE),
        (413, "failed", SUBSCRIBED),
        (429, "retrying", SUBSCRIBED),
        (500, "retrying", SUBSCRIBED),
        (503, "retrying", SUBSCRIBED),
        (0, "retrying", SUBSCRIBED),  # the connection was cut
    ],
)
def test_rel_05_each_answer_has_its_outcome(
    installation: Installation, status: int, state: str, subscription: str
) -> None:
    """Only 404 and 410 close a subscription; 0 stands for a cut connection."""
    installation.add_devices(1)
    installation.push.fault(status)
    message = installation.send()

    installation.drain()

    assert installation.counts(message) == {"recipients": 1, state: 1}
    assert installation.subscriptions()[0].status == subscription


def test_a_closed_subscription_says_why(installation: Installation) -> None:
    installation.add_devices(1)
    installation.push.fault(410)
    installation.send()

    installation.drain()

    assert installation.subscriptions()[0].status_reason == "its push service answered 410"


def test_a_failed_delivery_says_what_the_push_service_said(installation: Installation) -> None:
    installation.add_devices(1)
    installation.push.fault(400, body=b'{"message": "Topic is too long"}')
    message = installation.send()

    installation.drain()

    (delivery,) = installation.deliveries(message)
    assert (delivery.http_status, "Topic is too long" in delivery.reason) == (400, True)


def test_rel_05_retry_after_in_seconds_is_waited_for(installation: Installation) -> None:
    (device,) = installation.add_devices(1)
    installation.push.fault(429, {"Retry-After": "120"})
    message = installation.send()
    installation.drain()

    installation.clock.advance(seconds=110)
    installation.drain()
    before = len(device.messages)
    installation.clock.advance(seconds=15)
    installation.drain()

    assert (before, len(device.messages)) == (0, 1)
    assert installation.message(message).status == "sent"


def test_rel_05_retry_after_as_a_date_is_waited_for(installation: Installation) -> None:
    (device,) = installation.add_devices(1)
    date = format_datetime(installation.clock() + timedelta(minutes=10), usegmt=True)
    installation.push.fault(406, {"Retry-After": date})
    installation.send()
    installation.drain()

    installation.clock.advance(minutes=9)
    installation.drain()
    before = len(device.messages)
    installation.clock.advance(minutes=2)
    installation.drain()

    assert (before, len(device.messages)) == (0, 1)


def test_rel_05_five_tries_are_enough_for_a_service_that_fails(installation: Installation) -> None:
    installation.add_devices(1)
    installation.push.fault(503, count=None)
    message = installation.send(ttl=2_000_000)

    for _ in range(8):
        installation.drain()
        installation.clock.advance(hours=20)

    assert installation.counts(message) == {"recipients": 1, "failed": 1}
    assert len(installation.push.requests) == 5


def test_a_retry_sends_only_the_remaining_ttl(installation: Installation) -> None:
    installation.add_devices(1)
    installation.push.fault(429, {"Retry-After": "600"})
    installation.send(ttl=3600)
    installation.drain()

    installation.clock.advance(minutes=11)
    installation.drain()

    assert 2900 < installation.push.history[-1].ttl <= 2940


def test_a_retry_that_would_come_after_the_ttl_is_expired_at_once(installation: Installation) -> None:
    installation.add_devices(1)
    installation.push.fault(429, {"Retry-After": "600"})
    message = installation.send(ttl=300)

    installation.drain()

    assert installation.counts(message) == {"recipients": 1, "expired": 1}


def test_rel_06_a_message_whose_ttl_ran_out_is_not_sent_late(installation: Installation) -> None:
    (device,) = installation.add_devices(1)
    message = installation.send(ttl=60)

    installation.clock.advance(minutes=2)
    installation.drain()

    assert installation.counts(message) == {"recipients": 1, "expired": 1}
    assert device.messages == []


def test_413_fails_the_message_and_sends_no_more_of_it(installation: Installation) -> None:
    """What was answered, in flight or parked for its lane when the first answers were written is all that goes out."""
    installation.add_devices(700)
    installation.push.fault(413, count=None)
    message = installation.send()

    installation.drain()

    assert installation.message(message).status == "failed"
    assert "too large" in installation.message(message).status_reason
    assert len(installation.push.requests) <= 300
    assert installation.counts(message)["failed"] == installation.counts(message)["recipients"]


def test_an_answer_of_gone_does_not_close_an_endpoint_that_was_replaced_meanwhile(
    installation: Installation,
) -> None:
    """The old endpoint's 410 says nothing about the new one."""
    old, new = installation.push.add_subscribers(2, installation.vapid_public_key)
    installation.subscribe([old])
    installation.send()
    pipeline = installation.pipeline()
    request = pipeline.next_request()
    assert request is not None
    addresses = [parse_address(RULES, d.endpoint, d.p256dh, d.auth) for d in (new, old)]
    with installation.store.writing() as session:
        registration = Registration(address=addresses[0], previous=addresses[1], intent="refresh")
        put_subscription(session, installation.vault, installation.site, registration, installation.clock())

    pipeline.done(request, Outcome(OutcomeKind.gone, 410))
    pipeline.stop()

    assert installation.subscriptions()[0].status == SUBSCRIBED


def test_a_subscription_closed_as_gone_comes_back_when_its_browser_does(installation: Installation) -> None:
    """Gone is soft: a visit of the browser restores it, with the same hash."""
    (device,) = installation.add_devices(1)
    hash_before = installation.subscriptions()[0].subscriber_hash
    installation.push.fault(410)
    installation.send()
    installation.drain()

    installation.subscribe([device])
    installation.send(notification={"title": "Back"})
    installation.drain()

    assert shown_title(device) == "Back"
    assert installation.subscriptions()[0].subscriber_hash == hash_before
