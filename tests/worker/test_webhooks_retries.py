"""Receivers that fail: how often and how long a call is tried, when a webhook is switched off, and what is kept."""

from datetime import timedelta

from support.installation import Installation
from support.webhook_receiver import StandardWebhook, WebhookReceiver
from support.webhook_site import WebhookSite

# The back-off of docs/webhooks.md in minutes; each wait is at most a fifth longer or shorter.
WAITS = (1, 5, 30, 120, 300, 600, 840, 1200)


def test_a_failed_call_is_sent_again_under_the_same_id_with_a_signature_of_its_own(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    receiver.answers.extend([500, 503])
    told.subscribe(told.new_device())
    for minutes in (0, 2, 7):
        installation.clock.advance(minutes=minutes)
        installation.drain_webhooks()

    first, _, last = receiver.calls
    now = installation.clock().timestamp()
    assert len(set(receiver.ids)) == 1
    assert first.body == last.body
    assert StandardWebhook((webhook["secret"],)).verifies(last, now)
    assert not StandardWebhook((webhook["secret"],)).verifies(first, now)  # nine minutes old
    assert [(call["state"], call["attempts"], call["http_status"]) for call in told.log(webhook)] == [
        ("delivered", 3, 204)
    ]


def test_a_call_is_tried_nine_times_within_three_days_and_then_given_up(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    receiver.status = 500
    told.subscribe(told.new_device())
    waits = []
    began = installation.clock()
    while True:
        installation.drain_webhooks()
        [call] = told.log(webhook)
        if call["due_at"] is None:
            break
        due_at = installation.clock().fromisoformat(call["due_at"]) + timedelta(milliseconds=1)
        waits.append((due_at - installation.clock()) / timedelta(minutes=1))
        installation.clock.moment = due_at

    assert (call["state"], call["attempts"], len(receiver.calls)) == ("failed", 9, 9)
    assert call["reason"] == "the receiver answered 500"
    assert all(0.8 <= wait / wanted <= 1.21 for wait, wanted in zip(waits, WAITS, strict=True))
    assert len({wait / wanted for wait, wanted in zip(waits, WAITS, strict=True)}) > 1
    assert installation.clock() - began < timedelta(days=3)


def test_the_receiver_may_ask_for_a_longer_wait(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url)
    receiver.answers.append(429)
    receiver.headers["retry-after"] = "3600"
    told.subscribe(told.new_device())
    installation.drain_webhooks()
    installation.clock.advance(minutes=59)
    installation.drain_webhooks()
    early = len(receiver.calls)
    installation.clock.advance(minutes=2)
    installation.drain_webhooks()

    assert (early, len(receiver.calls)) == (1, 2)


def test_410_switches_a_webhook_off_at_once_and_switching_it_on_goes_on(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    receiver.answers.append(410)
    told.subscribe(told.new_device())
    installation.drain_webhooks()
    off = told.call("GET", f"/{webhook['id']}")
    told.subscribe(told.new_device())  # not kept for a webhook that is off
    installation.drain_webhooks()

    assert (off["is_enabled"], off["disabled_reason"]) == (False, "the receiver answered 410 Gone")
    assert (len(receiver.calls), told.waiting()) == (1, 0)
    on = told.call("PATCH", f"/{webhook['id']}", {"is_enabled": True})
    told.subscribe(told.new_device())
    installation.drain_webhooks()
    assert (on["is_enabled"], on["disabled_reason"], on["failing_since"]) == (True, "", None)
    assert len(receiver.calls) == 2


def test_sec_07_a_webhook_is_switched_off_after_five_days_of_failure_and_not_before(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    receiver.status = 500
    began = installation.clock()
    states = []
    while installation.clock() - began < timedelta(days=7):
        told.subscribe(told.new_device())
        installation.drain_webhooks()
        states.append((installation.clock() - began, told.call("GET", f"/{webhook['id']}")["is_enabled"]))
        installation.clock.advance(hours=12)

    assert all(is_enabled for passed, is_enabled in states if passed < timedelta(days=5))
    assert not states[-1][1]
    assert "nothing was accepted for" in told.call("GET", f"/{webhook['id']}")["disabled_reason"]


def test_one_success_begins_the_days_of_failure_anew(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    failing = []
    for status in (500, 204, 500):
        receiver.answers.append(status)
        told.call("POST", f"/{webhook['id']}/test", status=202)
        installation.drain_webhooks()
        failing.append(told.call("GET", f"/{webhook['id']}")["failing_since"] is not None)

    assert failing == [True, False, True]


def test_while_a_receiver_fails_events_gather_and_only_probes_go_out(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url)
    receiver.status = 503
    hashes = []
    made = []
    for _ in range(10):
        hashes.append(told.subscribe(told.new_device()))
        installation.drain_webhooks()
        made.append((len(set(receiver.ids)), told.waiting()))
        installation.clock.advance(minutes=1)
    receiver.status = 204
    receiver.calls.clear()
    for _ in range(10):
        installation.clock.advance(minutes=31)
        installation.drain_webhooks()

    assert made[4:] == [(5, 0), (5, 1), (5, 2), (5, 3), (5, 4), (6, 0)]  # the sixth call tells of five
    assert sorted(event["subscriber_hash"] for event in receiver.events) == sorted(hashes)  # nothing lost


def test_a_call_of_the_log_can_be_made_again(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    told.subscribe(told.new_device())
    installation.drain_webhooks()
    path = f"/{webhook['id']}/calls/{receiver.ids[0]}/retry"
    again = told.call("POST", path, status=202)
    installation.drain_webhooks()

    assert again["state"] == "retrying"
    assert (len(receiver.calls), len(set(receiver.ids))) == (2, 1)
    assert [call["state"] for call in told.log(webhook)] == ["delivered"]
