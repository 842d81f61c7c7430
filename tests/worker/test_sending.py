"""What goes out, when, and to whom: planning, eligibility at the claim, pause, resume, cancel, schedule."""

import json
from datetime import timedelta

from sitebell.services.messages.lifecycle import cancel_message, resume_message
from sitebell.services.subscriptions.lifecycle import parse_address, prove_subscription, unsubscribe
from sitebell.services.vapid_keys import add_vapid_key
from support.installation import RULES, Installation, shown_title
from support.push_service.subscriber import Subscriber


def leave(installation: Installation, device: Subscriber) -> None:
    """Unsubscribe a device as its visitor would."""
    with installation.store.writing() as session:
        address = parse_address(RULES, device.endpoint, device.p256dh, device.auth)
        row = prove_subscription(session, installation.site, address)
        unsubscribe(session, row, installation.clock())


def test_a_message_to_everyone_reaches_each_subscription_once(installation: Installation) -> None:
    devices = installation.add_devices(1201)
    message = installation.send(notification={"title": "Grüße ☃"})

    installation.drain()

    assert [len(device.messages) for device in devices] == [1] * 1201
    assert shown_title(devices[700]) == "Grüße ☃"
    assert installation.message(message).status == "sent"


def test_a_message_to_named_hashes_reaches_only_these(installation: Installation) -> None:
    devices = installation.add_devices(3)
    hashes = [subscription.subscriber_hash for subscription in installation.subscriptions()]
    installation.send(audience={"subscriber_hashes": [hashes[1], hashes[1], "f" * 32]})

    installation.drain()

    assert [len(device.messages) for device in devices] == [0, 1, 0]


def test_a_message_without_recipients_ends_as_sent(installation: Installation) -> None:
    message = installation.send()

    installation.drain()

    assert (installation.message(message).status, installation.counts(message)) == ("sent", {})


def test_who_leaves_between_planning_and_sending_is_skipped(installation: Installation) -> None:
    devices = installation.add_devices(2)
    message = installation.send()
    installation.plan()
    leave(installation, devices[0])

    installation.drain()

    assert installation.counts(message) == {"recipients": 2, "accepted": 1, "skipped": 1}
    assert installation.deliveries(message)[0].reason == "the subscription is unsubscribed"
    assert devices[0].messages == []


def test_who_subscribes_after_the_start_does_not_get_the_message(installation: Installation) -> None:
    installation.add_devices(1)
    installation.send()
    installation.drain()
    (late,) = installation.add_devices(1)

    installation.drain()

    assert late.messages == []


def test_planning_stays_a_few_batches_ahead(installation: Installation) -> None:
    """A million recipients must not become a million rows before the first is sent."""
    installation.add_devices(5000)
    message = installation.send()

    for _ in range(20):
        installation.plan()

    assert installation.counts(message)["recipients"] == 8 * 500


def test_a_scheduled_message_waits_for_its_time(installation: Installation) -> None:
    (device,) = installation.add_devices(1)
    message = installation.send(send_at=installation.clock() + timedelta(hours=1))
    installation.drain()
    before = (installation.message(message).status, len(device.messages))

    installation.clock.advance(minutes=61)
    installation.drain()

    assert (before, len(device.messages)) == (("scheduled", 0), 1)


def test_a_paused_message_waits_and_a_resumed_one_goes_on(installation: Installation) -> None:
    (device,) = installation.add_devices(1)
    message = installation.send()
    installation.pause(message)
    installation.drain()
    paused = len(device.messages)

    installation.act(resume_message, message)
    installation.drain()

    assert (paused, len(device.messages)) == (0, 1)


def test_rel_09_a_pause_takes_effect_within_one_window(installation: Installation) -> None:
    """Pausing in the middle: what is in flight ends, nothing more goes out, and the counts equal the rows."""
    installation.add_devices(1500)
    message = installation.send()
    pipeline = installation.pipeline()
    requests = [pipeline.next_request() for _ in range(150)]
    installation.pause(message)

    installation.answer(pipeline, requests)
    assert pipeline.next_request() is None
    pipeline.stop()

    assert installation.counts(message)["accepted"] == 150
    assert installation.message(message).status == "paused"


def test_rel_09_a_cancelled_message_ends_what_was_not_sent(installation: Installation) -> None:
    installation.add_devices(600)
    message = installation.send()
    pipeline = installation.pipeline()
    requests = [pipeline.next_request() for _ in range(150)]
    installation.act(cancel_message, message)

    installation.answer(pipeline, requests)
    pipeline.stop()
    installation.drain()

    counts = installation.counts(message)
    assert (counts["accepted"], counts["accepted"] + counts["cancelled"]) == (150, counts["recipients"])
    assert installation.message(message).status == "cancelled"


def test_a_later_message_with_the_same_key_replaces_an_unsent_one(installation: Installation) -> None:
    (device,) = installation.add_devices(1)
    first = installation.send(notification={"title": "1 : 0"}, replace_key="score")
    installation.plan()
    installation.pause(first)
    installation.send(notification={"title": "2 : 0"}, replace_key="score")
    installation.drain()

    installation.act(resume_message, first)
    installation.drain()

    assert [shown_title(device, index) for index in range(len(device.messages))] == ["2 : 0"]
    assert installation.deliveries(first)[0].reason == "replaced by a later message"


def test_a_replace_key_becomes_the_same_topic_at_every_push_service(installation: Installation) -> None:
    installation.add_devices(1, host="fcm.googleapis.com")
    installation.add_devices(1, host="web.push.apple.com")
    installation.send(replace_key="score")

    installation.drain()

    topics = {message.topic for message in installation.push.history}
    assert len(topics) == 1
    assert len(topics.pop() or "") == 32


def test_without_a_replace_key_only_apple_and_mozilla_get_a_topic(installation: Installation) -> None:
    """FCM keeps four topics per device, so they are left to those who ask for one."""
    for host in ("fcm.googleapis.com", "web.push.apple.com", "updates.push.services.mozilla.com"):
        installation.add_devices(1, host=host)
    installation.send()

    installation.drain()

    with_topic = {message.subscription.host for message in installation.push.history if message.topic}
    assert with_topic == {"web.push.apple.com", "updates.push.services.mozilla.com"}


def test_urgency_and_ttl_reach_the_push_service(installation: Installation) -> None:
    installation.add_devices(1)
    installation.send(urgency="high", ttl=7200)

    installation.drain()

    (message,) = installation.push.history
    assert (message.urgency, 7190 < message.ttl <= 7200) == ("high", True)


def test_sec_52_each_subscription_is_signed_with_the_key_it_was_made_with(installation: Installation) -> None:
    """Half of the audience under an old key, half under the new one: the push service accepts both."""
    installation.add_devices(20)
    with installation.store.writing() as session:
        pair = add_vapid_key(session, installation.vault, installation.site, installation.clock())
    installation.vapid_public_key = pair.public_key
    installation.add_devices(20)
    message = installation.send()

    installation.drain()

    assert installation.counts(message) == {"recipients": 40, "accepted": 40}


def test_the_payload_is_declarative_and_names_message_and_receipt(installation: Installation) -> None:
    (device,) = installation.add_devices(1)
    notification = {
        "title": "New",
        "body": "Text",
        "url": "/offers",
        "require_interaction": True,
        "actions": [{"action": "later", "title": "Later"}, {"action": "buy", "title": "Buy", "url": "/buy"}],
        "data": {"order": 7},
    }
    message = installation.send(notification=notification)

    installation.drain()

    payload = json.loads(device.decrypt(device.messages[0]))
    shown = payload["notification"]
    assert (payload["web_push"], shown["navigate"], shown["requireInteraction"]) == (8030, "/offers", True)
    assert [action["navigate"] for action in shown["actions"]] == ["/offers", "/buy"]
    assert (shown["data"]["data"], shown["data"]["sitebell"]["message"]) == ({"order": 7}, message)
    assert (shown["tag"], len(shown["data"]["sitebell"]["receipt"])) == (f"bell-{message}", 48)
