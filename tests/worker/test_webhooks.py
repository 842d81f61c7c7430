"""What a site's back end is told of its browsers, and that it can trust it."""

import json

from support.installation import Installation
from support.webhook_receiver import StandardWebhook, WebhookReceiver
from support.webhook_site import WebhookSite, proof


def test_a_subscription_is_told_with_the_profile_it_was_bound_to(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url)
    subscriber_hash = told.subscribe(told.new_device(), match={"external_id": "customer-42"})
    installation.drain_webhooks()

    [event] = receiver.events
    [profile] = event.pop("profiles")
    assert event.pop("id").startswith("evt_")
    assert event == {
        "type": "subscribe",
        "at": installation.clock().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "site": installation.site.token,
        "subscriber_hash": subscriber_hash,
    }
    assert (profile["database_id"], profile["external_id"]) == (installation.database_id, "customer-42")
    assert len(profile["profile_id"]) == 24


def test_neither_endpoint_nor_keys_of_a_browser_are_told(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url)
    device = told.new_device()
    told.subscribe(device)
    told.unsubscribe(device)
    installation.drain_webhooks()

    posted = b"".join(call.body for call in receiver.calls).decode()
    assert receiver.types == ["subscribe", "unsubscribe"]
    assert not [secret for secret in (device.endpoint, device.p256dh, device.auth) if secret in posted]


def test_show_click_and_close_name_their_message_and_unique_clicks_are_told_apart_from_total_ones(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url, "show", "click", "close")
    device = told.new_device()
    told.subscribe(device, match={"external_id": "customer-42"})
    message = installation.send()
    installation.drain()
    told.report(device, "shown")
    told.report(device, "clicked", action="buy")
    told.report(device, "clicked", seconds=5)
    told.report(device, "clicked", seconds=5)  # the same again: a repetition is no event
    told.report(device, "closed")
    installation.drain_webhooks()

    assert [(event["type"], event["is_first"]) for event in receiver.events] == [
        ("show", True),
        ("click", True),
        ("click", False),
        ("close", True),
    ]
    assert {event["message_id"] for event in receiver.events} == {message}
    assert [event.get("action") for event in receiver.events] == [None, "buy", None, None]
    assert [event["profiles"][0]["external_id"] for event in receiver.events] == ["customer-42"] * 4


def test_what_a_delivery_brought_is_told_of_the_profile_it_was_for_even_after_a_logout(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url, "click")
    device = told.new_device()
    told.subscribe(device, match={"external_id": "anna"})
    installation.send()
    installation.drain()
    told.subscribe(device, match={"external_id": "boris"})
    told.report(device, "clicked")
    installation.drain_webhooks()

    assert [profile["external_id"] for profile in receiver.events[0]["profiles"]] == ["anna"]


def test_a_new_endpoint_is_told_as_an_update_of_the_same_subscriber(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url)
    old, new = told.new_device(), told.new_device()
    subscriber_hash = told.subscribe(old, match={"external_id": "anna"})
    told.subscribe(new, intent="refresh", previous=proof(old))
    installation.drain_webhooks()

    assert receiver.types == ["subscribe", "update_subscription"]
    assert {event["subscriber_hash"] for event in receiver.events} == {subscriber_hash}
    assert [event["profiles"][0]["external_id"] for event in receiver.events] == ["anna", "anna"]


def test_a_browser_that_its_push_service_calls_gone_is_told_as_unsubscribed_with_that_status(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url, "unsubscribe")
    device, other = told.new_device(), told.new_device()
    gone = told.subscribe(device)
    told.subscribe(other)
    installation.push.expire(device.endpoint)
    installation.send()
    installation.drain()
    told.unsubscribe(other)
    installation.drain_webhooks()

    assert [event["status"] for event in receiver.events] == ["gone", "unsubscribed"]
    assert receiver.events[0]["subscriber_hash"] == gone
    assert [event["reason"] for event in receiver.events] == [
        "its push service answered 410",
        "unsubscribed by the visitor",
    ]


def test_a_webhook_is_told_the_events_it_asked_for_and_no_others(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url, "unsubscribe")
    device = told.new_device()
    told.subscribe(device)
    told.unsubscribe(device)
    told.unsubscribe(device)  # it changes nothing, so it is no event
    installation.drain_webhooks()

    assert receiver.types == ["unsubscribe"]


def test_what_was_rolled_back_is_not_told(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url)
    subscription = {"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": "x", "auth": "x"}}
    body = {"subscription": proof(told.new_device())}
    unknown = told.client.put(f"{told.page}/subscription", json=body | {"database_ids": [999]})
    malformed = told.client.put(f"{told.page}/subscription", json={"subscription": subscription})
    installation.drain_webhooks()

    assert (unknown.status_code, malformed.status_code) == (422, 422)
    assert (receiver.calls, told.waiting()) == ([], 0)


def test_events_travel_together_oldest_first_and_at_most_a_hundred_at_a_time(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url)
    hashes = [told.subscribe(told.new_device()) for _ in range(103)]
    installation.drain_webhooks()

    told_of = [event["subscriber_hash"] for event in receiver.events]
    sizes = sorted(len(json.loads(call.body)["events"]) for call in receiver.calls)
    assert (sizes, sorted(told_of)) == ([3, 100], sorted(hashes))
    largest = max(receiver.calls, key=lambda call: len(call.body))
    assert [event["subscriber_hash"] for event in json.loads(largest.body)["events"]] == hashes[:100]
    assert len({event["id"] for event in receiver.events}) == 103
    assert told.waiting() == 0


def test_each_of_several_webhooks_is_told_under_its_own_secret(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    secrets = [told.create(receiver.url)["secret"] for _ in range(2)]
    told.subscribe(told.new_device())
    installation.drain_webhooks()

    now = installation.clock().timestamp()
    proved = {tuple(StandardWebhook((secret,)).verifies(call, now) for secret in secrets) for call in receiver.calls}
    assert proved == {(True, False), (False, True)}
    assert len({event["id"] for event in receiver.events}) == 1  # it is one event


def test_sec_07_calls_are_signed_as_standard_webhooks_say(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    told.subscribe(told.new_device(), match={"external_id": "Zoë"})
    installation.drain_webhooks()

    [call] = receiver.calls
    now = installation.clock().timestamp()
    verifier = StandardWebhook((webhook["secret"],))
    assert verifier.verifies(call, now)
    assert (call.method, call.path, call.headers["content-type"]) == ("POST", "/sitebell", "application/json")
    assert [log["id"] for log in told.log(webhook)] == receiver.ids
    call.body = call.body.replace("Zoë".encode(), b"Eve")
    assert not verifier.verifies(call, now)


def test_sec_07_after_a_rotation_both_secrets_sign_for_24_hours(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    rotated = told.call("POST", f"/{webhook['id']}/rotate")
    for hours in (0, 23, 2):
        installation.clock.advance(hours=hours)
        told.subscribe(told.new_device())
        installation.drain_webhooks()

    verifiers = [StandardWebhook((one["secret"],)) for one in (webhook, rotated)]
    last = installation.clock().timestamp()
    moments = [last - 25 * 3600, last - 2 * 3600, last]
    assert [
        tuple(verifier.verifies(call, moment) for verifier in verifiers)
        for call, moment in zip(receiver.calls, moments, strict=True)
    ] == [(True, True), (True, True), (False, True)]


def test_sec_07_secrets_are_stored_sealed(told: WebhookSite, receiver: WebhookReceiver) -> None:
    webhook = told.create(receiver.url)
    rotated = told.call("POST", f"/{webhook['id']}/rotate")

    stored = told.stored_secrets()
    assert len(stored) > 64
    for secret in (webhook["secret"], rotated["secret"]):
        assert StandardWebhook((secret,)).keys[0] not in stored


def test_a_test_event_is_told_like_any_other(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url, "close")
    call = told.call("POST", f"/{webhook['id']}/test", status=202)
    installation.drain_webhooks()

    assert (receiver.types, receiver.ids) == (["test"], [call["id"]])
    assert StandardWebhook((webhook["secret"],)).verifies(receiver.calls[0], installation.clock().timestamp())
