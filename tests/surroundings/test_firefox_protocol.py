"""The autopush side of the double, spoken to by a WebSocket client of its own instead of Firefox."""

from collections.abc import Callable, Iterator

import aiohttp
import pytest

from support.application_server import ApplicationServer, encrypt
from support.autopush_client import FirefoxClient
from support.push_service import PushService


@pytest.fixture
def new_client(push_service: PushService) -> Iterator[Callable[[], FirefoxClient]]:
    clients = []

    def create() -> FirefoxClient:
        clients.append(FirefoxClient(push_service.websocket_url))
        return clients[-1]

    yield create
    for client in clients:
        client.close()


@pytest.fixture
def client(new_client: Callable[[], FirefoxClient]) -> FirefoxClient:
    return new_client()


def test_hello_gives_an_id_and_knows_it_again(client: FirefoxClient) -> None:
    first = client.hello()
    assert (first["status"], first["use_webpush"]) == (200, True)
    client.disconnect()
    assert client.hello()["uaid"] == first["uaid"]


def test_hello_replaces_an_id_that_is_not_known(client: FirefoxClient) -> None:
    client.uaid = "0" * 32
    assert client.hello()["uaid"] != "0" * 32


def test_ping_is_answered(client: FirefoxClient) -> None:
    client.hello()
    assert client.ask() == {}


def test_message_arrives_encrypted_and_is_acknowledged(
    push_service: PushService, client: FirefoxClient, sender: ApplicationServer
) -> None:
    client.hello()
    subscription = client.subscription("channel", sender.public_key)
    assert subscription["endpoint"].startswith("https://updates.push.services.mozilla.com/wpush/v2/")
    assert sender.send(subscription, b"hello").status == 201
    frame = client.receive()
    assert frame is not None
    assert (frame["messageType"], frame["channelID"]) == ("notification", "channel")
    assert client.decrypt(frame) == b"hello"
    (message,) = push_service.history
    assert message.acked_at is None
    client.send(messageType="ack", updates=[{"channelID": "channel", "version": frame["version"], "code": 100}])
    push_service.wait_for(lambda: message.acked_at)
    assert message.ack_code == 100


def test_nack_is_recorded(push_service: PushService, client: FirefoxClient, sender: ApplicationServer) -> None:
    client.hello()
    sender.send(client.subscription("channel", sender.public_key), b"hello")
    frame = client.receive()
    assert frame is not None
    client.send(messageType="nack", version=frame["version"], code=302)
    push_service.wait_for(lambda: push_service.history[0].ack_code == 302)


def test_message_without_a_body_has_no_data(client: FirefoxClient, sender: ApplicationServer) -> None:
    client.hello()
    sender.send(client.subscription("channel", None), None)
    frame = client.receive()
    assert frame is not None
    assert "data" not in frame


def test_aesgcm_brings_its_headers(client: FirefoxClient, sender: ApplicationServer) -> None:
    client.hello()
    endpoint = client.register("channel", sender.public_key)
    headers = {
        "Authorization": sender.authorization(endpoint),
        "TTL": "60",
        "Content-Encoding": "aesgcm",
        "Encryption": "salt=abc",
        "Crypto-Key": "dh=def",
    }
    assert sender.post(endpoint, b"ciphertext", headers).status == 201
    frame = client.receive()
    assert frame is not None
    assert frame["headers"] == {"encoding": "aesgcm", "encryption": "salt=abc", "crypto_key": "dh=def"}


def test_subscription_is_bound_to_its_key(push_service: PushService, client: FirefoxClient) -> None:
    owner, stranger = ApplicationServer(push_service.settings()), ApplicationServer(push_service.settings())
    client.hello()
    subscription = client.subscription("channel", owner.public_key)
    assert stranger.send(subscription, b"").status == 401


def test_unregister_makes_the_endpoint_gone(client: FirefoxClient, sender: ApplicationServer) -> None:
    client.hello()
    kept, dropped = (client.subscription(name, sender.public_key) for name in ("kept", "dropped"))
    assert client.ask(messageType="unregister", channelID="dropped")["status"] == 200
    assert sender.send(dropped, b"").status == 410
    assert sender.send(kept, b"").status == 201


def test_what_was_not_acknowledged_comes_again(
    push_service: PushService, client: FirefoxClient, sender: ApplicationServer
) -> None:
    client.hello()
    subscription = client.subscription("channel", sender.public_key)
    sender.send(subscription, b"seen, not acknowledged")
    assert client.receive() is not None
    client.disconnect()
    push_service.wait_for(lambda: [e for e in push_service.events if e.kind == "firefox: closed"])
    sender.send(subscription, b"sent while away")
    client.hello()
    frames = [client.receive(), client.receive()]
    assert [client.decrypt(frame) for frame in frames if frame] == [
        b"seen, not acknowledged",
        b"sent while away",
    ]


def test_offline_refuses_connections_or_only_holds_messages(
    push_service: PushService, client: FirefoxClient, sender: ApplicationServer
) -> None:
    client.hello()
    subscription = client.subscription("channel", sender.public_key)
    push_service.set_offline(True, drop=False)
    sender.send(subscription, b"held")
    assert client.ask() == {}  # still connected, and nothing came before this
    client.disconnect()
    client.hello()
    assert client.ask() == {}
    push_service.set_offline(False)
    frame = client.receive()
    assert frame is not None
    assert client.decrypt(frame) == b"held"
    push_service.set_offline(True)
    assert client.receive() is None
    client.disconnect()
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        client.connect()


def test_forgotten_client_gets_a_new_id(push_service: PushService, client: FirefoxClient) -> None:
    before = client.hello()["uaid"]
    push_service.forget_clients()
    assert client.receive() is None
    client.disconnect()
    assert client.hello()["uaid"] != before


def test_second_connection_takes_the_place_of_the_first(
    push_service: PushService,
    client: FirefoxClient,
    new_client: Callable[[], FirefoxClient],
    sender: ApplicationServer,
) -> None:
    client.hello()
    subscription = client.subscription("channel", sender.public_key)
    second = new_client()
    second.uaid = client.uaid
    second.hello()
    assert client.receive() is None
    push_service.wait_for(lambda: [e for e in push_service.events if e.kind == "firefox: closed"])
    sender.send(subscription, b"for the second")
    assert second.receive() is not None


def test_two_clients_get_their_own_messages(
    client: FirefoxClient, new_client: Callable[[], FirefoxClient], sender: ApplicationServer
) -> None:
    other = new_client()
    client.hello()
    other.hello()
    mine, theirs = client.register("channel", None), other.subscription("channel", None)
    assert mine != theirs["endpoint"]
    body = encrypt(b"for the other", theirs["keys"])
    headers = {"TTL": "60", "Content-Encoding": "aes128gcm"}
    assert sender.post(theirs["endpoint"], body, headers).status == 201
    frame = other.receive()
    assert frame is not None
    assert other.decrypt(frame) == b"for the other"
    assert client.ask() == {}
