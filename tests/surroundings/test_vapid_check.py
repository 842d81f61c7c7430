"""The double's check of VAPID credentials (RFC 8292), as strict as the strictest of the real services."""

import time

import pytest

from support.application_server import ApplicationServer
from support.push_service import PushService, Subscriber

MOZILLA = "updates.push.services.mozilla.com"
GOOGLE = "fcm.googleapis.com"
APPLE = "web.push.apple.com"
WINDOWS = "wns2-par02p.notify.windows.com"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://push.example"},
        {"exp": 0},
        {"exp": int(time.time()) + 90_000},
        {"exp": "tomorrow"},
        {"sub": "webmaster"},
        {"sub": None},
    ],
)
def test_wrong_claims_are_refused(device: Subscriber, sender: ApplicationServer, claims: dict[str, object]) -> None:
    assert (
        sender.send(
            device.subscription(), b"hello", {"Authorization": sender.authorization(device.endpoint, **claims)}
        ).status
        == 401
    )


@pytest.mark.parametrize(("host", "status"), [(MOZILLA, 401), (GOOGLE, 403), (APPLE, 403), (WINDOWS, 401)])
def test_another_key_is_refused(push_service: PushService, host: str, status: int) -> None:
    owner, stranger = ApplicationServer(push_service.settings()), ApplicationServer(push_service.settings())
    device = push_service.add_subscriber(owner.public_key, host)
    assert stranger.send(device.subscription(), b"").status == status
    assert owner.send(device.subscription(), b"").status == 201


def test_missing_and_forged_authorization_are_refused(device: Subscriber, sender: ApplicationServer) -> None:
    good = sender.authorization(device.endpoint)
    token, key = good.removeprefix("vapid t=").split(", k=")
    head, claims, signature = token.split(".")
    forged = f"{head}.{claims}.{signature[:-4]}AAAA"
    others = ["", "Bearer x", "vapid", f"vapid t={forged}, k={key}", f"vapid t={token}", f"vapid t=a.b.c, k={key}"]
    assert [sender.send(device.subscription(), b"hello", {"Authorization": text}).status for text in others] == [
        401
    ] * len(others)
    assert sender.send(device.subscription(), b"hello", {"Authorization": good}).status == 201


def test_key_is_not_asked_of_a_subscription_without_one(push_service: PushService, sender: ApplicationServer) -> None:
    device = push_service.add_subscriber()
    assert sender.send(device.subscription(), b"hello", {"Authorization": ""}).status == 201
    assert sender.send(device.subscription(), b"hello").status == 201
