"""The push API of the double, spoken to over real TLS through its proxy: what RFC 8030 and the real services answer."""

import json

import http_ece
import pytest

from support.application_server import ApplicationServer, HttpVersion, encrypt
from support.push_service import DeviceKeys, PushService, Subscriber

MOZILLA = "updates.push.services.mozilla.com"
GOOGLE = "fcm.googleapis.com"
APPLE = "web.push.apple.com"
WINDOWS = "wns2-par02p.notify.windows.com"
HOSTS = [MOZILLA, GOOGLE, "jmt17.google.com", APPLE, WINDOWS]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
def test_message_is_accepted_and_decrypted(push_service: PushService, host: str, version: HttpVersion) -> None:
    sender = ApplicationServer(push_service.settings())
    device = push_service.add_subscriber(sender.public_key, host)
    reply = sender.send(device.subscription(), b"hello", {"Urgency": "high"}, version)
    assert (reply.status, reply.http_version) == (201, version)
    assert reply.headers["location"].startswith(f"https://{host}/m/")
    assert reply.headers["ttl"] == "60"
    (message,) = device.messages
    assert message.plaintext == b"hello"
    assert message.urgency == "high"
    assert b"hello" not in message.body
    (request,) = push_service.requests
    assert (request.http_version, request.status, request.host) == (version, 201, host)
    assert request.headers["content-encoding"] == "aes128gcm"
    assert push_service.history == [message]


def test_many_subscribers_share_one_key_pair(push_service: PushService, sender: ApplicationServer) -> None:
    devices = push_service.add_subscribers(1000, sender.public_key)
    assert len({device.endpoint for device in devices}) == 1000
    assert len({(device.p256dh, device.auth) for device in devices}) == 1
    sender.send(devices[7].subscription(), b"seven")
    assert [device.messages != [] for device in devices].index(True) == 7


def test_another_device_cannot_decrypt(
    push_service: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    stranger = DeviceKeys()
    keys = push_service.add_subscriber(sender.public_key, keys=stranger).subscription()["keys"]
    sender.send({"endpoint": device.endpoint, "keys": keys}, b"not for you")
    with pytest.raises(http_ece.ECEException):
        _ = device.messages[0].plaintext


def test_unknown_endpoint_is_404(device: Subscriber, sender: ApplicationServer) -> None:
    unknown = {**device.subscription(), "endpoint": f"https://{MOZILLA}/wpush/v2/nobody"}
    assert sender.send(unknown, b"").status == 404
    elsewhere = {**device.subscription(), "endpoint": f"https://{GOOGLE}/fcm/send/{device.token}"}
    assert sender.send(elsewhere, b"").status == 404


def test_expired_subscription_is_410(push_service: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    other = push_service.add_subscriber(sender.public_key)
    push_service.expire(device.token)
    push_service.expire(other.endpoint)
    assert sender.send(device.subscription(), b"").status == 410
    assert sender.send(other.subscription(), b"").status == 410
    with pytest.raises(KeyError):
        push_service.expire("nobody")


def test_only_4096_bytes_are_taken(push_service: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    """RFC 8030 section 7.2; 4096 bytes of body are 3993 of plaintext (RFC 8291 section 4)."""
    assert sender.send(device.subscription(), b"x" * 3993).status == 201
    assert len(push_service.history[-1].body) == 4096
    assert sender.send(device.subscription(), b"x" * 3994).status == 413


@pytest.mark.parametrize(
    ("header", "value", "errno"),
    [
        ("TTL", "", 111),
        ("TTL", "soon", 111),
        ("TTL", "-1", 111),
        ("Topic", "not a topic", 113),
        ("Topic", "x" * 33, 113),
        ("Urgency", "urgent", 111),
        ("Content-Encoding", "gzip", 110),
        ("Content-Encoding", "", 110),
    ],
)
def test_wrong_header_is_400(
    push_service: PushService, device: Subscriber, sender: ApplicationServer, header: str, value: str, errno: int
) -> None:
    reply = sender.send(device.subscription(), b"hello", {header: value})
    assert reply.status == 400
    assert json.loads(reply.body)["errno"] == errno
    assert push_service.history == []


def test_message_without_a_body_needs_no_encoding(device: Subscriber, sender: ApplicationServer) -> None:
    assert sender.send(device.subscription(), None).status == 201
    assert device.messages[0].plaintext == b""


def test_apple_and_windows_have_rules_of_their_own(push_service: PushService, sender: ApplicationServer) -> None:
    apple = push_service.add_subscriber(sender.public_key, APPLE)
    assert sender.send(apple.subscription(), b"hello", {"Topic": "abcde"}).status == 400
    assert sender.send(apple.subscription(), b"hello", {"Topic": "abcd"}).status == 201
    private = sender.authorization(apple.endpoint, sub="mailto:me@localhost")
    assert sender.send(apple.subscription(), b"hello", {"Authorization": private}).status == 403
    windows = push_service.add_subscriber(sender.public_key, WINDOWS)
    assert sender.send(windows.subscription(), b"hello", {"TTL": "0"}).status == 400


def test_body_is_what_encrypt_made(push_service: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    body = encrypt(b"hello", device.subscription()["keys"])
    headers = {"Authorization": sender.authorization(device.endpoint), "TTL": "5", "Content-Encoding": "aes128gcm"}
    sender.post(device.endpoint, body, headers)
    assert push_service.requests[-1].body == body == device.messages[0].body
