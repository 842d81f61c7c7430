"""The GCM side of the double, spoken to by a check-in and MCS client of its own instead of Chromium."""

import socket
import ssl
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import http_ece
import pytest

from support.application_server import ApplicationServer, encrypt
from support.push_service import DeviceKeys, PushService, base64url, protobuf

LOGIN_REQUEST, LOGIN_RESPONSE, CLOSE, IQ, DATA = 2, 3, 4, 7, 8
SUBTYPE = "wp:http://localhost:8080/#4D2E-V2"


class ChromiumClient:
    """What Chromium does at its end. `keys` decrypt what arrives."""

    def __init__(self, push_service: PushService) -> None:
        self.keys = DeviceKeys()
        switches = dict(argument.split("=", 1) for argument in push_service.chromium_args())
        self._checkin_url = switches["--gcm-checkin-url"]
        self._registration_url = switches["--gcm-registration-url"]
        self._mcs_port = int(switches["--gcm-mcs-endpoint"].rpartition(":")[2])
        self._tls = push_service.authority.client_context()
        self._stream: ssl.SSLSocket | None = None
        self._http = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def checkin(self, *known: tuple[int, protobuf.Value]) -> tuple[int, int]:
        """Return the id and the secret that it got."""
        answer = protobuf.parse(self._post(self._checkin_url, protobuf.message(*known)))
        assert answer[1] == [1]
        self.android_id: int = answer[7][0]
        return self.android_id, answer[8][0]

    def register(self, sender: str, **changed: str) -> str:
        """Subscribe (or unsubscribe) and return the token."""
        form = {
            "app": "org.chromium.linux",
            "X-subtype": SUBTYPE,
            "device": str(self.android_id),
            "scope": "GCM",
            "appid": "instance",
            "sender": sender,
            **changed,
        }
        answer = self._post(self._registration_url, urllib.parse.urlencode(form).encode())
        return answer.decode().removeprefix("token=")

    def subscription(self, token: str) -> dict[str, Any]:
        """Return a subscription as a page of Debian's Chromium sees it."""
        public, auth = base64url.encode(self.keys.public_point), base64url.encode(self.keys.auth)
        endpoint = f"https://jmt17.google.com/fcm/send/{token}"
        return {"endpoint": endpoint, "keys": {"p256dh": public, "auth": auth}}

    def login(self, *received: str) -> protobuf.Parsed:
        """Open the stream and log in; `received` are the messages that arrived earlier."""
        plain = socket.create_connection(("127.0.0.1", self._mcs_port), timeout=5)
        self._stream = self._tls.wrap_socket(plain, server_hostname="mtalk.google.com")
        self._stream.sendall(b"\x29")
        ids = [(10, message_id) for message_id in received]
        self.send(LOGIN_REQUEST, protobuf.message((1, "chrome"), (3, str(self.android_id)), *ids))
        assert self._read(1) == b"\x29"
        tag, fields = self.receive()
        assert tag == LOGIN_RESPONSE
        return fields

    def send(self, tag: int, body: bytes) -> None:
        """Send one message."""
        assert self._stream is not None
        self._stream.sendall(bytes([tag]) + protobuf.varint(len(body)) + body)

    def receive(self) -> tuple[int, protobuf.Parsed]:
        """Return the next message: its tag and its fields."""
        tag, size = self._read(1)[0], self._read(1)
        while size[-1] & 0x80:
            size += self._read(1)
        length = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(size))
        return tag, protobuf.parse(self._read(length))

    def ping(self, last_received: int) -> protobuf.Parsed:
        """Send a heartbeat that acknowledges stream ids, return the answer."""
        self.send(0, protobuf.message((2, last_received)))
        tag, fields = self.receive()
        assert tag == 1
        return fields

    def receive_push(self) -> protobuf.Parsed:
        """Return the fields of the next message, which has to be a push."""
        tag, fields = self.receive()
        assert tag == DATA
        return fields

    def is_cut(self) -> bool:
        """Return whether the other side has closed the stream, once it says anything at all."""
        assert self._stream is not None
        return self._stream.recv(1) == b""

    def close(self) -> None:
        """Close the stream."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _read(self, count: int) -> bytes:
        assert self._stream is not None
        data = b""
        while len(data) < count:
            more = self._stream.recv(count - len(data))
            assert more, "the stream ended"
            data += more
        return data

    def _post(self, url: str, body: bytes) -> bytes:
        with self._http.open(urllib.request.Request(url, body), timeout=5) as answer:
            data: bytes = answer.read()
        return data


def app_data(fields: protobuf.Parsed) -> dict[str, str]:
    """Return the key and value pairs of a push."""
    pairs = (protobuf.parse(raw) for raw in fields[7])
    return {pair[1][0].decode(): pair[2][0].decode() for pair in pairs}


@pytest.fixture
def push() -> Iterator[PushService]:
    with PushService() as service:
        yield service


@pytest.fixture
def sender(push: PushService) -> ApplicationServer:
    return ApplicationServer(push.settings())


@pytest.fixture
def client(push: PushService) -> Iterator[ChromiumClient]:
    client = ChromiumClient(push)
    client.checkin()
    yield client
    client.close()


def test_checkin_gives_an_id_and_confirms_a_known_one(client: ChromiumClient) -> None:
    android_id, token = client.checkin()
    assert android_id
    assert token
    assert client.checkin((2, android_id), (13, token)) == (android_id, token)


def test_message_arrives_encrypted_and_is_acknowledged(
    push: PushService, client: ChromiumClient, sender: ApplicationServer
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
    (message,) = push.history
    assert message.acked_at is None
    client.ping(last_received=2)  # the login answer was 1
    push.wait_for(lambda: message.acked_at)


@pytest.mark.parametrize(("tag", "field"), [(IQ, 10), (DATA, 11)])
def test_other_messages_acknowledge_too(
    push: PushService, client: ChromiumClient, sender: ApplicationServer, tag: int, field: int
) -> None:
    subscription = client.subscription(client.register(sender.public_key))
    client.login()
    sender.send(subscription, b"hello")
    client.receive_push()
    client.send(tag, protobuf.message((field, 2)))
    push.wait_for(lambda: push.history[0].acked_at)


def test_login_reports_what_arrived_before(
    push: PushService, client: ChromiumClient, sender: ApplicationServer
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
    assert push.history[0].acked_at is not None


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


def test_subscription_is_bound_to_its_key(push: PushService, client: ChromiumClient) -> None:
    owner, stranger = ApplicationServer(push.settings()), ApplicationServer(push.settings())
    subscription = client.subscription(client.register(owner.public_key))
    assert stranger.send(subscription, b"").status == 403


def test_registration_of_chromium_itself_is_answered(client: ChromiumClient) -> None:
    assert client.register("745476177629", app="com.google.android.gms", appid="", **{"X-subtype": ""})


def test_offline_cuts_the_stream_or_only_holds_messages(
    push: PushService, client: ChromiumClient, sender: ApplicationServer
) -> None:
    subscription = client.subscription(client.register(sender.public_key))
    client.login()
    push.set_offline(True, drop=False)
    sender.send(subscription, b"held")
    client.ping(1)  # still connected, and nothing came before this
    push.set_offline(False)
    client.receive_push()
    push.set_offline(True)
    assert client.is_cut()
    client.close()
    with pytest.raises((AssertionError, OSError)):
        client.login()


def test_message_is_the_body_of_the_request(
    push: PushService, client: ChromiumClient, sender: ApplicationServer
) -> None:
    subscription = client.subscription(client.register(sender.public_key))
    client.login()
    sender.send(subscription, b"hello")
    assert client.receive_push()[21] == [push.requests[-1].body]
    assert encrypt(b"hello", subscription["keys"]) != push.requests[-1].body
