"""What the push service keeps: subscriptions, messages that wait, and the connections that they go out on."""

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from support.push_service.journal import Journal
from support.push_service.providers import Provider, provider_of


@dataclass(eq=False, kw_only=True)
class Subscription:
    """One address that was given out. `client` is the browser or device behind it.

    application_server_key: the uncompressed P-256 point that pushes must be signed for, None for any.
    """

    provider: Provider
    host: str
    client: str
    application_server_key: bytes | None
    token: str
    gone: bool = False

    @property
    def endpoint(self) -> str:
        """The URL to which messages are posted."""
        return self.provider.endpoint(self.host, self.token)

    def decrypt(self, message: "Message") -> bytes:
        """Return the plaintext of a message.

        Raises:
            NotImplementedError: only a browser knows the private key.
        """
        raise NotImplementedError("the private key of this subscription is inside a browser")


class Connection(Protocol):
    """A browser or device that is connected now."""

    async def deliver(self, message: "Message") -> None:
        """Hand one message over; it counts only when the other side acknowledges it."""

    async def close(self) -> None:
        """Cut the connection."""


@dataclass(eq=False, kw_only=True)
class Message:
    """One accepted push message.

    encoding: the Content-Encoding; encryption, crypto_key: the headers of the legacy aesgcm encoding.
    ttl: seconds; expires_at, accepted_at, acked_at: seconds since the epoch by the service's clock.
    ack_code: Firefox's verdict (100 delivered, 101 cannot decrypt, 102 not delivered, 301-303 worker failed).
    """

    subscription: Subscription
    body: bytes
    encoding: str | None
    encryption: str | None
    crypto_key: str | None
    ttl: int
    topic: str | None
    urgency: str
    accepted_at: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    sent_over: Connection | None = None
    acked_at: float | None = None
    ack_code: int | None = None

    @property
    def expires_at(self) -> float:
        """When it is no longer worth delivering."""
        return self.accepted_at + self.ttl

    @property
    def plaintext(self) -> bytes:
        """What was encrypted; only for subscribers made by `PushService.add_subscriber`."""
        return self.subscription.decrypt(self)


class Store:
    """All state of the service. Changed only in the service's loop."""

    def __init__(self, journal: Journal, clock: Callable[[], float] = time.time) -> None:
        self.journal, self.clock = journal, clock
        self.subscriptions: dict[str, Subscription] = {}
        self.connections: dict[str, Connection] = {}
        self.clients: set[str] = set()
        self.history: list[Message] = []
        self.held = self.offline = self.corrupt = False
        self._waiting: defaultdict[str, list[Message]] = defaultdict(list)

    def subscribe(self, subscription: Subscription) -> None:
        """Make a subscription reachable."""
        self.subscriptions[subscription.token] = subscription

    def find(self, token_or_endpoint: str) -> Subscription:
        """Return a subscription, by its endpoint under any host of its push service too.

        Raises:
            KeyError: there is none.
        """
        url = urlsplit(token_or_endpoint)
        provider = provider_of(url.hostname or "")
        token = provider.token(f"{url.path}?{url.query}".rstrip("?")) if provider else None
        return self.subscriptions[token or token_or_endpoint]

    def of_client(self, client: str) -> list[Subscription]:
        """Return the live subscriptions of a browser or device."""
        return [s for s in self.subscriptions.values() if s.client == client and not s.gone]

    async def connect(self, client: str, connection: Connection) -> None:
        """Register a connection and hand over what waits; an older connection of the client is closed."""
        older = self.connections.get(client)
        self.connections[client] = connection
        if older is not None and older is not connection:
            await older.close()
        await self.flush(client)

    def disconnect(self, client: str, connection: Connection) -> None:
        """Forget a connection, unless a newer one took its place."""
        if self.connections.get(client) is connection:
            del self.connections[client]

    async def accept(self, message: Message) -> None:
        """Keep a message, in place of an earlier one of its topic (RFC 8030 section 5.4), and try to deliver it."""
        subscription = message.subscription
        queue = self._waiting[subscription.client]
        if message.topic:
            queue[:] = [m for m in queue if m.subscription is not subscription or m.topic != message.topic]
        self.history.append(message)
        online = subscription.client in self.connections and not self.held
        if online or message.ttl > 0:
            queue.append(message)
        self.journal.note("accepted", id=message.id, bytes=len(message.body), ttl=message.ttl, online=online)
        if online:
            await self.flush(subscription.client)

    async def flush(self, client: str) -> None:
        """Deliver what waits for a client. What was sent on an earlier connection and not acknowledged goes again."""
        connection = self.connections.get(client)
        if self.held or connection is None:
            return
        queue = self._waiting[client]
        now = self.clock()
        queue[:] = [m for m in queue if m.sent_over or now <= m.expires_at]
        for message in list(queue):
            if message.sent_over is not connection:
                message.sent_over = connection
                self.journal.note("delivered", id=message.id)
                await connection.deliver(message)

    def acknowledge(self, client: str, message_ids: Iterable[str], code: int | None = None) -> None:
        """Strike messages off; `code` is Firefox's verdict."""
        ids = set(message_ids)
        queue = self._waiting[client]
        for message in [m for m in queue if m.id in ids]:
            queue.remove(message)
            message.acked_at, message.ack_code = self.clock(), code
            self.journal.note("acknowledged", id=message.id, code=code)

    def cancel(self, message_id: str) -> None:
        """Take a message back that nobody has received (RFC 8030 section 6.2)."""
        for queue in self._waiting.values():
            queue[:] = [m for m in queue if m.id != message_id]

    async def set_offline(self, offline: bool, *, drop: bool) -> None:  # noqa: FBT001
        """Hold messages back, and with `drop` also cut connections and refuse new ones."""
        self.held, self.offline = offline, offline and drop
        if self.offline:
            await self.close_connections()
        if not offline:
            for client in list(self.connections):
                await self.flush(client)

    async def forget_clients(self) -> None:
        """Know no browser any more: Firefox gets another id at its next hello and drops its subscriptions."""
        self.clients.clear()
        await self.close_connections()

    async def close_connections(self) -> None:
        """Cut every browser off; devices made by `add_subscriber` stay."""
        for connection in list(self.connections.values()):
            await connection.close()
