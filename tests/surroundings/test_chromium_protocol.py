"""The GCM side of the double, spoken to by a check-in and MCS client of its own instead of Chromium."""

from collections.abc import Iterator

import http_ece
import pytest

from support.application_server import ApplicationServer, encrypt
from support.mcs_client import CLOSE, DATA, IQ, SUBTYPE, ChromiumClient, app_data
from support.push_service import PushService, protobuf


@pytest.fixture
def client(push_service: PushService) -> Iterator[ChromiumClient]:
    client = ChromiumClient(push_service)
    client.checkin()
    yield client
    client.close()


def test_checkin_gives_an_id_and_confirms_a_known_one(client: ChromiumClient) -> None:
    android_id, token = client.checkin()
    assert android_id
    assert token
    assert client.checkin((2, android_id), (13, token)) == (android_id, token)


def test_message_arrives_encrypted_and_is_acknowledged(
    push_service: PushService, client: ChromiumClient, sender: ApplicationServer
) -> None:
    subscription = client.subscription(client.register(sender.public_key))
    client.login()
    assert sender.send(subscription, b"hello").status == 201
    fields = client.receive_push()
    assert app_data(fields) == {"subtype": SUBTYPE, "content-encoding": "aes128gcm"}
    assert (fields[3][0].decode(), fields[5][0]) == (sender.public_key, b"org.chromium.linux")
    keys = client.keys
    body = fields[21][0]
    plaintext = http_ece.decrypt(body, private_key=keys.private_key, auth_secret=keys.auth)
    assert plaintext == b"hello"
    (message,) = push_service.history
    assert message.acked_at is None
    client.ping(last_received=2)  # the login answer was 1
    push_service.wait_for(lambda: message.acked_at)


@pytest.mark.parametrize(("tag", "field"), [(IQ, 10), (DATA, 11)])
def test_other_messages_acknowledge_too(
    push_service: PushService, client: ChromiumClient, sender: ApplicationServer, tag: int, field: int
) -> None:
    subscription = client.subscription(client.register(sender.public_key))
    client.login()
    sender.send(subscription, b"hello")
    client.receive_push()
    client.send(tag, protobuf.message((field, 2)))
    push_service.wait_for(lambda: push_service.history[0].acked_at)


def test_login_reports_what_arrived_before(
    push_service: PushService, client: ChromiumClient, sender: ApplicationServer
) -> None:
    """What it does not report comes again: Chromium drops its first stream right after it opened it."""
    subscription = client.subscription(client.register(sender.public_key))
    client.login()
    sender.send(subscription, b"reported")
    sender.send(subscription, b"lost")
    reported, lost = client.receive_push(), client.receive_push()
    client.close()
    client.login(reported[9][0].decode())
    assert client.receive_push()[9] == lost[9]
    assert push_service.history[0].acked_at is not None


def test_heartbeat_counts_what_was_received(client: ChromiumClient) -> None:
    client.login()
    assert client.ping(1)[2] == [2]
    assert client.ping(1)[2] == [3]


def test_stream_ends_when_chromium_says_so(client: ChromiumClient) -> None:
    client.login()
    client.send(CLOSE, b"")
    assert client.is_cut()


def test_message_without_a_body_has_no_data(client: ChromiumClient, sender: ApplicationServer) -> None:
    subscription = client.subscription(client.register(sender.public_key))
    client.login()
    sender.send(subscription, None)
    fields = client.receive_push()
    assert app_data(fields) == {"subtype": SUBTYPE}
    assert 21 not in fields


def test_aesgcm_brings_its_headers(client: ChromiumClient, sender: ApplicationServer) -> None:
    endpoint = client.subscription(client.register(sender.public_key))["endpoint"]
    client.login()
    headers = {
        "Authorization": sender.authorization(endpoint),
        "TTL": "60",
        "Content-Encoding": "aesgcm",
        "Encryption": "salt=abc",
        "Crypto-Key": "dh=def",
    }
    assert sender.post(endpoint, b"ciphertext", headers).status == 201
    assert app_data(client.receive_push()) == {
        "subtype": SUBTYPE,
        "encryption": "salt=abc",
        "crypto-key": "dh=def",
    }


def test_same_registration_gives_the_same_token(client: ChromiumClient, sender: ApplicationServer) -> None:
    token = client.register(sender.public_key)
    assert client.register(sender.public_key) == token
    assert client.register(sender.public_key, **{"X-subtype": "wp:other"}) != token


def test_deleted_registration_is_gone(client: ChromiumClient, sender: ApplicationServer) -> None:
    kept = client.subscription(client.register(sender.public_key, **{"X-subtype": "wp:other"}))
    dropped = client.subscription(client.register(sender.public_key))
    assert client.register(sender.public_key, delete="true") == "instance"
    assert sender.send(dropped, b"").status == 410
    assert sender.send(kept, b"").status == 201


def test_subscription_is_bound_to_its_key(push_service: PushService, client: ChromiumClient) -> None:
    owner, stranger = ApplicationServer(push_service.settings()), ApplicationServer(push_service.settings())
    subscription = client.subscription(client.register(owner.public_key))
    assert stranger.send(subscription, b"").status == 403


def test_registration_of_chromium_itself_is_answered(client: ChromiumClient) -> None:
    assert client.register("745476177629", app="com.google.android.gms", appid="", **{"X-subtype": ""})


def test_offline_cuts_the_stream_or_only_holds_messages(
    push_service: PushService, client: ChromiumClient, sender: ApplicationServer
) -> None:
    subscription = client.subscription(client.register(sender.public_key))
    client.login()
    push_service.set_offline(True, drop=False)
    sender.send(subscription, b"held")
    client.ping(1)  # still connected, and nothing came before this
    push_service.set_offline(False)
    client.receive_push()
    push_service.set_offline(True)
    assert client.is_cut()
    client.close()
    with pytest.raises((AssertionError, OSError)):
        client.login()


def test_message_is_the_body_of_the_request(
    push_service: PushService, client: ChromiumClient, sender: ApplicationServer
) -> None:
    subscription = client.subscription(client.register(sender.public_key))
    client.login()
    sender.send(subscription, b"hello")
    assert client.receive_push()[21] == [push_service.requests[-1].body]
    assert encrypt(b"hello", subscription["keys"]) != push_service.requests[-1].body
