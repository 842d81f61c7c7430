"""The autopush side of the double, spoken to by a WebSocket client of its own instead of Firefox."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import http_ece
import pytest

from support.application_server import ApplicationServer, encrypt
from support.loop_thread import LoopThread
from support.push_service import DeviceKeys, PushService, base64url

Frame = dict[str, Any]


class FirefoxClient:
    """What Firefox does at its end of the WebSocket. `keys` decrypt what arrives."""

    def __init__(self, url: str) -> None:
        self.keys = DeviceKeys()
        self.uaid = ""
        self._url = url
        self._thread = LoopThread("websocket client")
        self._session: aiohttp.ClientSession | None = None

    def connect(self) -> None:
        """Open the WebSocket; raises aiohttp.WSServerHandshakeError when refused."""
        self._thread.run(self._connect())

    def send(self, **frame: Any) -> None:
        """Send one frame."""
        self._thread.run(self._socket.send_json(frame))

    def receive(self, timeout: float = 5) -> Frame | None:
        """Return the next frame, None after the connection was closed."""
        return self._thread.run(asyncio.wait_for(self._frames.get(), timeout))

    def ask(self, **frame: Any) -> Frame:
        """Send one frame and return the next that comes."""
        self.send(**frame)
        answer = self.receive()
        assert answer is not None
        return answer

    def hello(self) -> Frame:
        """Connect and introduce itself."""
        self.connect()
        known = {"uaid": self.uaid} if self.uaid else {}
        answer = self.ask(messageType="hello", use_webpush=True, broadcasts={}, **known)
        self.uaid = answer["uaid"]
        return answer

    def register(self, channel_id: str, key: str | None) -> str:
        """Subscribe and return the endpoint."""
        wanted = {"key": key} if key else {}
        return str(self.ask(messageType="register", channelID=channel_id, **wanted)["pushEndpoint"])

    def subscription(self, channel_id: str, key: str | None) -> dict[str, Any]:
        """Subscribe and return it as a page sees it."""
        public, auth = base64url.encode(self.keys.public_point), base64url.encode(self.keys.auth)
        return {"endpoint": self.register(channel_id, key), "keys": {"p256dh": public, "auth": auth}}

    def decrypt(self, frame: Frame) -> bytes:
        """Return the plaintext of a notification frame."""
        assert frame["headers"]["encoding"] == "aes128gcm"
        plaintext: bytes = http_ece.decrypt(
            base64url.decode(frame["data"]), private_key=self.keys.private_key, auth_secret=self.keys.auth
        )
        return plaintext

    def disconnect(self) -> None:
        """Close the WebSocket."""
        if self._session is not None:
            self._thread.run(self._session.close())
            self._session = None

    def close(self) -> None:
        """End for good."""
        self.disconnect()
        self._thread.stop()

    async def _connect(self) -> None:
        self._frames: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._session = aiohttp.ClientSession()
        self._socket = await self._session.ws_connect(self._url, protocols=["push-notification"])
        self._reading = asyncio.get_running_loop().create_task(_read(self._socket, self._frames))


async def _read(socket: aiohttp.ClientWebSocketResponse, frames: "asyncio.Queue[Frame | None]") -> None:
    async for frame in socket:
        frames.put_nowait(frame.json())
    frames.put_nowait(None)


@pytest.fixture
def push() -> Iterator[PushService]:
    with PushService() as service:
        yield service


@pytest.fixture
def sender(push: PushService) -> ApplicationServer:
    return ApplicationServer(push.settings())


@pytest.fixture
def new_client(push: PushService) -> Iterator[Callable[[], FirefoxClient]]:
    clients = []

    def create() -> FirefoxClient:
        clients.append(FirefoxClient(push.websocket_url))
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
    push: PushService, client: FirefoxClient, sender: ApplicationServer
) -> None:
    client.hello()
    subscription = client.subscription("channel", sender.public_key)
    assert subscription["endpoint"].startswith("https://updates.push.services.mozilla.com/wpush/v2/")
    assert sender.send(subscription, b"hello").status == 201
    frame = client.receive()
    assert frame is not None
    assert (frame["messageType"], frame["channelID"]) == ("notification", "channel")
    assert client.decrypt(frame) == b"hello"
    (message,) = push.history
    assert message.acked_at is None
    client.send(messageType="ack", updates=[{"channelID": "channel", "version": frame["version"], "code": 100}])
    push.wait_for(lambda: message.acked_at)
    assert message.ack_code == 100


def test_nack_is_recorded(push: PushService, client: FirefoxClient, sender: ApplicationServer) -> None:
    client.hello()
    sender.send(client.subscription("channel", sender.public_key), b"hello")
    frame = client.receive()
    assert frame is not None
    client.send(messageType="nack", version=frame["version"], code=302)
    push.wait_for(lambda: push.history[0].ack_code == 302)


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


def test_subscription_is_bound_to_its_key(push: PushService, client: FirefoxClient) -> None:
    owner, stranger = ApplicationServer(push.settings()), ApplicationServer(push.settings())
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
    push: PushService, client: FirefoxClient, sender: ApplicationServer
) -> None:
    client.hello()
    subscription = client.subscription("channel", sender.public_key)
    sender.send(subscription, b"seen, not acknowledged")
    assert client.receive() is not None
    client.disconnect()
    push.wait_for(lambda: [e for e in push.events if e.kind == "firefox: closed"])
    sender.send(subscription, b"sent while away")
    client.hello()
    frames = [client.receive(), client.receive()]
    assert [client.decrypt(frame) for frame in frames if frame] == [
        b"seen, not acknowledged",
        b"sent while away",
    ]


def test_offline_refuses_connections_or_only_holds_messages(
    push: PushService, client: FirefoxClient, sender: ApplicationServer
) -> None:
    client.hello()
    subscription = client.subscription("channel", sender.public_key)
    push.set_offline(True, drop=False)
    sender.send(subscription, b"held")
    assert client.ask() == {}  # still connected, and nothing came before this
    push.set_offline(False)
    frame = client.receive()
    assert frame is not None
    assert client.decrypt(frame) == b"held"
    push.set_offline(True)
    assert client.receive() is None
    client.disconnect()
    with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
        client.connect()


def test_forgotten_client_gets_a_new_id(push: PushService, client: FirefoxClient) -> None:
    before = client.hello()["uaid"]
    push.forget_clients()
    assert client.receive() is None
    client.disconnect()
    assert client.hello()["uaid"] != before


def test_second_connection_closes_the_first(client: FirefoxClient, new_client: Callable[[], FirefoxClient]) -> None:
    client.hello()
    second = new_client()
    second.uaid = client.uaid
    second.hello()
    assert client.receive() is None


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
