"""Firefox's side: the autopush WebSocket protocol, by which it subscribes and receives (dom.push.serverURL)."""

import json
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from support.push_service import base64url
from support.push_service.providers import MOZILLA
from support.push_service.store import Message, Store, Subscription

Frame = dict[str, Any]


@dataclass(eq=False, kw_only=True)
class AutopushSubscription(Subscription):
    """A subscription of Firefox; `channel_id` is Firefox's own name for it."""

    channel_id: str


class Autopush:
    """The WebSocket endpoint."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        if self._store.offline:
            return web.Response(status=503)
        socket = web.WebSocketResponse(protocols=("push-notification",))
        await socket.prepare(request)
        connection = _FirefoxConnection(socket, self._store)
        try:
            async for frame in socket:
                if frame.type == WSMsgType.TEXT:
                    await connection.receive(json.loads(frame.data))
        finally:
            connection.ended()
        return socket


class _FirefoxConnection:
    def __init__(self, socket: web.WebSocketResponse, store: Store) -> None:
        self._socket, self._store = socket, store
        self._uaid = ""
        self._handlers = {
            "hello": self._hello,
            "register": self._register,
            "unregister": self._unregister,
            "ack": self._ack,
            "nack": self._nack,
        }

    async def receive(self, frame: Frame) -> None:
        """Answer one frame; an empty one is a ping."""
        if not frame:
            await self._socket.send_str("{}")
            return
        self._store.journal.note("firefox: " + frame["messageType"], **frame)
        handler = self._handlers.get(frame["messageType"])
        if handler is not None:
            await handler(frame)

    async def deliver(self, message: Message) -> None:
        """Send a notification frame."""
        assert isinstance(message.subscription, AutopushSubscription)
        frame: Frame = {
            "messageType": "notification",
            "channelID": message.subscription.channel_id,
            "version": message.id,
        }
        if message.body:
            headers = {
                "encoding": message.encoding,
                "encryption": message.encryption,
                "crypto_key": message.crypto_key,
            }
            frame["data"] = base64url.encode(message.body)
            frame["headers"] = {name: value for name, value in headers.items() if value is not None}
        await self._socket.send_json(frame)

    async def close(self) -> None:
        """Cut Firefox off."""
        await self._socket.close()

    def ended(self) -> None:
        """Forget this connection."""
        self._store.disconnect(self._uaid, self)
        self._store.journal.note("firefox: closed", uaid=self._uaid)

    async def _hello(self, frame: Frame) -> None:
        """An id that is not known is replaced by a new one; Firefox then drops its subscriptions."""
        self._uaid = frame.get("uaid") or ""
        if self._uaid not in self._store.clients:
            self._uaid = uuid.uuid4().hex
            self._store.clients.add(self._uaid)
        await self._socket.send_json(
            {"messageType": "hello", "status": 200, "uaid": self._uaid, "use_webpush": True, "broadcasts": {}}
        )
        await self._store.connect(self._uaid, self)

    async def _register(self, frame: Frame) -> None:
        key = base64url.decode(frame["key"]) if frame.get("key") else None
        subscription = AutopushSubscription(
            provider=MOZILLA,
            host=MOZILLA.hosts[0],
            client=self._uaid,
            application_server_key=key,
            token="gAAAAA" + secrets.token_urlsafe(90),
            channel_id=frame["channelID"],
        )
        self._store.subscribe(subscription)
        await self._socket.send_json(
            {
                "messageType": "register",
                "status": 200,
                "channelID": subscription.channel_id,
                "pushEndpoint": subscription.endpoint,
            }
        )

    async def _unregister(self, frame: Frame) -> None:
        for subscription in self._store.of_client(self._uaid):
            if isinstance(subscription, AutopushSubscription) and subscription.channel_id == frame["channelID"]:
                subscription.gone = True
        await self._socket.send_json({"messageType": "unregister", "status": 200, "channelID": frame["channelID"]})

    async def _ack(self, frame: Frame) -> None:
        for update in frame.get("updates", []):
            self._store.acknowledge(self._uaid, [update["version"]], update.get("code"))

    async def _nack(self, frame: Frame) -> None:
        self._store.acknowledge(self._uaid, [frame["version"]], frame.get("code"))
