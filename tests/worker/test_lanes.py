"""Push hosts that refuse, throttle or fall silent, and the message that protects its site from mass loss."""

import math

from sitebell.push.vapid import VapidKey
from sitebell.services.messages.lifecycle import resume_message
from support.installation import Installation

MOZILLA, APPLE = "updates.push.services.mozilla.com", "web.push.apple.com"


def statuses(installation: Installation) -> set[str]:
    """Return the statuses that occur among the subscriptions."""
    return {subscription.status for subscription in installation.subscriptions()}


def test_sec_53_a_service_that_refuses_everyone_closes_no_subscription(installation: Installation) -> None:
    """403 to all: our key or our clock is wrong. The lane stops after five, and the list stays whole."""
    installation.add_devices(300)
    installation.push.fault(403, count=None)
    message = installation.send()

    installation.drain()

    assert statuses(installation) == {"subscribed"}
    assert len(installation.push.requests) <= 200
    assert "VAPID" in installation.message(message).status_reason
    assert "gone" not in installation.counts(message)


def test_sec_53_a_refused_message_arrives_once_the_fault_is_mended(installation: Installation) -> None:
    devices = installation.add_devices(120)
    installation.push.fault(403, count=None)
    message = installation.send()
    installation.drain()

    installation.push.clear_faults()
    installation.clock.advance(minutes=10)
    installation.drain()

    assert installation.counts(message) == {"recipients": 120, "accepted": 120}
    assert [len(device.messages) for device in devices] == [1] * 120


def test_one_subscription_that_is_refused_does_not_stop_the_others(installation: Installation) -> None:
    """A stranger's subscription under a foreign key must not silence a site."""
    foreign = installation.push.add_subscriber(VapidKey.generate().public_text)
    installation.subscribe([foreign])
    installation.add_devices(600)
    message = installation.send()

    installation.drain()

    assert installation.counts(message) == {"recipients": 601, "accepted": 600, "retrying": 1}


def test_five_throttled_subscriptions_slow_their_host_and_no_other(installation: Installation) -> None:
    installation.add_devices(300, host=MOZILLA)
    installation.add_devices(300, host=APPLE)
    installation.push.fault(429, {"Retry-After": "300"}, count=None, match=MOZILLA)
    message = installation.send()

    installation.drain()

    to_mozilla = [request for request in installation.push.requests if request.host == MOZILLA]
    assert installation.counts(message)["accepted"] == 300
    assert len(to_mozilla) <= 200


def test_four_throttled_subscriptions_slow_only_themselves(installation: Installation) -> None:
    installation.add_devices(300)
    installation.push.fault(429, {"Retry-After": "300"}, count=4)
    message = installation.send()

    installation.drain()

    assert installation.counts(message) == {"recipients": 300, "accepted": 296, "retrying": 4}


def test_rel_06_a_host_that_cuts_every_connection_does_not_hold_up_another(installation: Installation) -> None:
    installation.add_devices(300, host=MOZILLA)
    installation.add_devices(300, host=APPLE)
    installation.push.fault(0, count=None, match=MOZILLA)
    message = installation.send()

    installation.drain()

    counts = installation.counts(message)
    assert counts["accepted"] == 300
    assert counts.get("failed", 0) == 0


def test_rel_05_a_message_pauses_itself_when_a_fifth_of_the_known_answers_is_lost(
    installation: Installation,
) -> None:
    """Fifty answers of subscriptions that had accepted before, one in five gone: pause and tell."""
    devices = installation.add_devices(600)
    installation.send()
    installation.drain()
    for device in devices[::4]:
        installation.push.expire(device.token)
    message = installation.send()

    installation.drain()

    stored = installation.message(message)
    assert stored.status == "paused"
    assert "resume" in stored.status_reason
    closed = [s for s in installation.subscriptions() if s.status == "gone"]
    assert len(closed) < 100


def test_the_operator_can_resume_past_the_self_pause(installation: Installation) -> None:
    devices = installation.add_devices(300)
    installation.send()
    installation.drain()
    for device in devices[::4]:
        installation.push.expire(device.token)
    message = installation.send()
    installation.drain()
    assert installation.message(message).status == "paused"

    installation.act(resume_message, message)
    installation.drain()

    assert installation.counts(message) == {"recipients": 300, "accepted": 225, "gone": 75}
    assert installation.message(message).status == "sent"


def test_losses_among_new_subscriptions_do_not_pause_a_message(installation: Installation) -> None:
    """Whoever never accepted anything says nothing about our key: a flood of dead ones must not stop a site."""
    devices = installation.add_devices(300)
    for device in devices[::2]:
        installation.push.expire(device.token)
    message = installation.send()

    installation.drain()

    assert installation.counts(message) == {"recipients": 300, "accepted": 150, "gone": 150}


def test_rel_06_a_silent_host_lets_the_others_through(installation: Installation) -> None:
    """A black hole costs its own deliveries time, not those of the other host."""
    installation.add_devices(200, host=MOZILLA)
    installation.add_devices(300, host=APPLE)
    installation.push.fault(201, count=None, match=MOZILLA, delay=math.inf)
    message = installation.send()

    installation.drain(timeout=2)

    assert installation.counts(message)["accepted"] == 300
    assert statuses(installation) == {"subscribed"}
