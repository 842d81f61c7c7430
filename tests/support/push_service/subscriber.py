"""Devices whose private keys the tests know, so that what a push service only carries can be read."""

import secrets
from dataclasses import dataclass, field
from typing import Any, Self

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.push_service import base64url
from support.push_service.providers import Provider
from support.push_service.store import Message, Store, Subscription


@dataclass(frozen=True)
class DeviceKeys:
    """The key pair and secret of RFC 8291 section 2. Several subscribers may share one, to save time."""

    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def public_point(self) -> bytes:
        """The public key, 65 bytes, uncompressed."""
        return self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass(eq=False, kw_only=True)
class Subscriber(Subscription):
    """A subscription without a browser. It is always connected and acknowledges at once.

    messages: what reached it, in order.
    """

    keys: DeviceKeys
    messages: list[Message] = field(default_factory=list)

    @classmethod
    def create(cls, provider: Provider, host: str, application_server_key: bytes | None, keys: DeviceKeys) -> Self:
        """Return a new one, not yet reachable."""
        token = secrets.token_urlsafe(48)
        return cls(
            provider=provider,
            host=host,
            client=f"device {token}",
            application_server_key=application_server_key,
            token=token,
            keys=keys,
        )

    @property
    def p256dh(self) -> str:
        """The public key as base64url."""
        return base64url.encode(self.keys.public_point)

    @property
    def auth(self) -> str:
        """The secret as base64url."""
        return base64url.encode(self.keys.auth)

    def subscription(self) -> dict[str, Any]:
        """Return what `PushSubscription.toJSON()` gives in a browser."""
        return {
            "endpoint": self.endpoint,
            "expirationTime": None,
            "keys": {"p256dh": self.p256dh, "auth": self.auth},
        }

    def decrypt(self, message: Message) -> bytes:
        """Return the plaintext (RFC 8291); b"" for a message without a body.

        Raises:
            http_ece.ECEException: it was not encrypted for this device, or was damaged.
        """
        if not message.body:
            return b""
        plaintext: bytes = http_ece.decrypt(
            message.body, private_key=self.keys.private_key, auth_secret=self.keys.auth, version="aes128gcm"
        )
        return plaintext


class Devices:
    """The connection of all subscribers."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def connect(self, subscribers: list[Subscriber]) -> None:
        """Make subscribers reachable."""
        for subscriber in subscribers:
            self._store.subscribe(subscriber)
            await self._store.connect(subscriber.client, self)

    async def deliver(self, message: Message) -> None:
        """Hand a message to its subscriber."""
        subscriber = message.subscription
        assert isinstance(subscriber, Subscriber)
        subscriber.messages.append(message)
        self._store.acknowledge(subscriber.client, [message.id])

    async def close(self) -> None:
        """Stay: nothing is connected that could be cut."""
