"""What goes to a browser that still runs another vendor's worker: the payload that it reads, and nothing of ours."""

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import update

from sitebell.models import FieldType, Subscription
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.matching import Match
from support.installation import Installation
from support.people import add_fields
from support.push_service.subscriber import Subscriber

FULL = {
    "title": "Fresh bread",
    "body": "Until noon",
    "url": "/bread?day=1",
    "icon": "/icon.png",
    "image": "https://cdn.example.com/bread.jpg",
    "data": {"batch": 7},
    "actions": [{"action": "buy", "title": "Buy", "url": "/buy", "icon": "/buy.png"}, {"action": "no", "title": "No"}],
}


def subscribe_at(installation: Installation, worker: str | None, who: Introduction | None = None) -> Subscriber:
    """Add a browser that runs a vendor's worker."""
    (device,) = installation.push.add_subscribers(1, installation.vapid_public_key)
    (row,) = installation.subscribe([device], who)
    with installation.store.writing() as session:
        session.execute(update(Subscription).where(Subscription.id == row.id).values(worker=worker))
    return device


def payload_of(device: Subscriber) -> dict[str, Any]:
    """Return what a browser decrypted last."""
    found: dict[str, Any] = json.loads(device.decrypt(device.messages[-1]))
    return found


def test_onesignals_worker_gets_its_minified_form(installation: Installation) -> None:
    device = subscribe_at(installation, "onesignal")
    message = installation.send(notification=FULL)
    installation.drain()

    payload = payload_of(device)

    site = "https://www.example.com"
    assert uuid.UUID(payload["custom"].pop("i")).version == 5  # it shows nothing for anything but a UUID
    assert payload == {
        "title": "Fresh bread",
        "alert": "Until noon",
        "custom": {"u": f"{site}/bread?day=1", "a": {"batch": 7}},
        "icon": f"{site}/icon.png",
        "image": "https://cdn.example.com/bread.jpg",
        "tag": f"bell-{message}",
        "o": [
            {"i": "buy", "n": "Buy", "u": f"{site}/buy", "p": f"{site}/buy.png"},
            {"i": "no", "n": "No", "u": f"{site}/bread?day=1"},
        ],
    }


def test_perfectys_worker_gets_what_its_plugin_sends(installation: Installation) -> None:
    device = subscribe_at(installation, "perfecty")
    installation.send(notification=FULL)
    installation.drain()

    assert payload_of(device) == {
        "title": "Fresh bread",
        "body": "Until noon",
        "icon": "https://www.example.com/icon.png",
        "image": "https://cdn.example.com/bread.jpg",
        "require_interaction": False,
        "extra": {"url_to_open": "https://www.example.com/bread?day=1"},
    }


def test_altcrafts_worker_gets_its_firebase_form_with_a_receipt_of_its_own(installation: Installation) -> None:
    devices = [subscribe_at(installation, "altcraft") for _ in range(2)]
    installation.send(notification=FULL)
    installation.drain()

    payloads = [payload_of(device) for device in devices]
    links = [json.loads(payload["data"].pop("hub_link")) for payload in payloads]

    site, hub = "https://www.example.com", "https://bell.example.com/api/v1.1/pushes/crypto_post_events?/"
    assert payloads[0] == {
        "data": {
            "title": "Fresh bread",
            "message": "Until noon",
            "action": f"{site}/bread?day=1",
            "icon": f"{site}/icon.png",
            "image": "https://cdn.example.com/bread.jpg",
            "actions": [
                {"action": f"{site}/buy", "title": "Buy", "icon": f"{site}/buy.png"},
                {"action": f"{site}/bread?day=1", "title": "No"},
            ],
        }
    }
    assert [link["ack"].startswith(f"{hub}{installation.site.token}/") for link in links] == [True, True]
    assert links[0]["ack"] != links[1]["ack"]
    assert all(link["open"] == link["ack"] and link["ack"].endswith("/1") for link in links)  # asked for at once


@pytest.mark.parametrize("worker", [None, "pushengage", "cleverpush"])
def test_where_no_shape_is_known_it_is_ours(installation: Installation, worker: str | None) -> None:
    device = subscribe_at(installation, worker)
    installation.send(notification=FULL)
    installation.drain()

    assert payload_of(device)["web_push"] == 8030


def test_one_message_reaches_each_worker_in_its_own_shape(installation: Installation) -> None:
    devices = [subscribe_at(installation, worker) for worker in ("onesignal", None, "perfecty")]
    message = installation.send()
    installation.drain()

    assert ["custom" in payload_of(device) for device in devices] == [True, False, False]
    assert installation.counts(message) == {"recipients": 3, "accepted": 3}


def test_values_of_the_recipient_stand_in_the_other_shape_too(installation: Installation) -> None:
    add_fields(installation, dish=FieldType.TEXT)
    ann = Introduction(match=Match(external_id="ann"), fields={"dish": "soup"})
    device = subscribe_at(installation, "onesignal", ann)
    installation.send(notification={"title": "Your {{ profile.dish }}", "url": "/{{ profile.dish }}"})
    installation.drain()

    payload = payload_of(device)
    assert (payload["title"], payload["custom"]["u"]) == ("Your soup", "https://www.example.com/soup")
    assert "sitebell" not in json.dumps(payload)
