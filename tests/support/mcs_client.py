"""What Chromium does at its end of check-in, registration and MCS, to try the push service double without Chromium."""

import socket
import ssl
import urllib.parse
import urllib.request
from typing import Any

from support.push_service import DeviceKeys, PushService, base64url, protobuf

LOGIN_REQUEST, LOGIN_RESPONSE, CLOSE, IQ, DATA = 2, 3, 4, 7, 8
SUBTYPE = "wp:http://localhost:8080/#4D2E-V2"


class ChromiumClient:
    """One browser. `keys` decrypt what arrives."""

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
