"""What an erase and the passing of time take out of webhooks: the log, and what still waits."""

import json
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from sitebell.models import Profile, Subscription, WebhookCall, WebhookEvent
from sitebell.services.webhooks.forgetting import forget_profile, forget_subscriptions
from support.chores import prune
from support.installation import Installation
from support.webhook_receiver import WebhookReceiver
from support.webhook_site import WebhookSite


def test_the_log_goes_back_thirty_days_and_what_nobody_took_is_dropped_after_three(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    told.subscribe(told.new_device())
    installation.drain_webhooks()
    told.subscribe(told.new_device())
    told.call("PATCH", f"/{webhook['id']}", {"is_enabled": False})
    installation.clock.advance(days=2)
    prune(installation.store, installation.clock())
    kept = (len(told.log(webhook)), told.waiting())
    installation.clock.advance(days=27)
    prune(installation.store, installation.clock())
    dropped = (len(told.log(webhook)), told.waiting())
    installation.clock.advance(days=2)
    prune(installation.store, installation.clock())

    assert (kept, dropped, len(told.log(webhook))) == ((1, 1), (1, 0), 0)


def stored_text(installation: Installation) -> str:
    """Return everything that is stored of calls and of what waits for one."""
    with installation.store.reading() as session:
        bodies: Sequence[object] = [
            *session.scalars(select(WebhookEvent.body)),
            *session.scalars(select(WebhookCall.body)),
        ]
    return json.dumps(bodies)


def test_sec_43_an_erased_subscription_is_in_no_call_and_the_others_of_its_batch_are_still_told(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    receiver.answers.append(500)
    hashes = [told.subscribe(told.new_device()) for _ in range(2)]
    installation.drain_webhooks()
    erased, other = hashes
    with installation.store.writing() as session:
        query = select(Subscription.id).where(Subscription.subscriber_hash == erased)
        forget_subscriptions(session, [session.scalars(query).one()])

    assert erased not in stored_text(installation)
    installation.clock.advance(minutes=2)
    installation.drain_webhooks()
    assert [event["subscriber_hash"] for event in receiver.events[2:]] == [other]
    assert [call["state"] for call in told.log(webhook)] == ["delivered"]


@pytest.mark.parametrize("attempts", [0, 1])
def test_sec_43_a_call_that_has_nothing_left_to_tell_is_not_made(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation, attempts: int
) -> None:
    webhook = told.create(receiver.url)
    receiver.answers.append(500)
    told.subscribe(told.new_device())
    if attempts:
        installation.drain_webhooks()
    with installation.store.writing() as session:
        forget_subscriptions(session, [installation.subscriptions()[0].id])
    installation.clock.advance(minutes=2)
    installation.drain_webhooks()

    assert len(receiver.calls) == attempts
    assert [call["state"] for call in told.log(webhook)] == ["erased"] * attempts


def test_sec_43_an_erased_profile_is_in_no_call_while_the_browser_stays(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url)
    receiver.answers.append(500)
    device = told.new_device()
    subscriber_hash = told.subscribe(device, match={"external_id": "planted-marker"})
    installation.drain_webhooks()
    told.unsubscribe(device)
    assert stored_text(installation).count("planted-marker") == 2
    with installation.store.writing() as session:
        forget_profile(session, session.scalars(select(Profile).where(Profile.external_id == "planted-marker")).one())

    assert "planted-marker" not in stored_text(installation)
    assert stored_text(installation).count(subscriber_hash) == 2


def test_an_erased_call_cannot_be_made_again(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    told.subscribe(told.new_device())
    installation.drain_webhooks()
    with installation.store.writing() as session:
        forget_subscriptions(session, [installation.subscriptions()[0].id])

    refused = told.call("POST", f"/{webhook['id']}/calls/{receiver.ids[0]}/retry", status=409)
    assert refused["error"]["code"] == "webhook_call_erased"


def test_sec_43_after_a_merge_the_other_profile_is_told_so_that_its_erase_finds_everything(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    told.create(receiver.url)
    receiver.answers.append(500)
    told.subscribe(told.new_device(), match={"external_id": "source"})
    installation.drain_webhooks()
    path = f"/v1/databases/{installation.database_id}/profiles"
    headers = {"Authorization": f"Bearer {installation.api_key}"}
    [source] = receiver.events[0]["profiles"]
    target = told.client.post(path, json={"external_id": "target"}, headers=headers).json
    assert target is not None
    merged = told.client.post(f"{path}/{target['id']}/merge", json={"from": source["profile_id"]}, headers=headers)
    assert merged.status_code == 200, merged.text

    stored = stored_text(installation)
    assert (source["profile_id"] in stored, target["id"] in stored) == (False, True)
    assert told.client.delete(f"{path}/{target['id']}", headers=headers).status_code == 200
    assert target["id"] not in stored_text(installation)
