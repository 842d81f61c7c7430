"""What Firefox does at its end of the autopush WebSocket, to try the push service double without Firefox."""

import asyncio
from typing import Any

import aiohttp
import http_ece

from support.loop_thread import LoopThread
from support.push_service import DeviceKeys, base64url

Frame = dict[str, Any]


class FirefoxClient:
    """One browser. `keys` decrypt what arrives; `uaid` is its id, "" before the first hello."""

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
