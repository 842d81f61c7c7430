"""Chromium's side, second half: the MCS stream (mtalk) on which messages arrive, protobufs over TLS."""

import asyncio
import ssl

from support.push_service import protobuf
from support.push_service.gcm import GcmSubscription
from support.push_service.store import Message, Store

VERSION = b"\x29"
HEARTBEAT_PING, HEARTBEAT_ACK, LOGIN_REQUEST, LOGIN_RESPONSE, CLOSE, IQ, DATA_MESSAGE = 0, 1, 2, 3, 4, 7, 8
# The field of each kind of message that tells the last stream id that Chromium received.
LAST_RECEIVED = {HEARTBEAT_PING: 2, HEARTBEAT_ACK: 2, IQ: 10, DATA_MESSAGE: 11}


class Mcs:
    """The listener's handler."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        connection = _ChromiumConnection(reader, writer, self._store)
        try:
            if not self._store.offline:
                await connection.serve()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError) as error:
            self._store.journal.note("chromium: stream ended", why=repr(error))
        finally:
            connection.ended()
            writer.close()


class _ChromiumConnection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, store: Store) -> None:
        self._reader, self._writer, self._store = reader, writer, store
        self._client = ""
        self._received = 0
        self._sent = 0
        self._message_ids: dict[int, str] = {}

    async def serve(self) -> None:
        """Read messages until Chromium closes the stream."""
        await self._reader.readexactly(len(VERSION))
        while True:
            tag = (await self._reader.readexactly(1))[0]
            fields = protobuf.parse(await self._reader.readexactly(await self._size()))
            self._received += 1
            if tag == LOGIN_REQUEST:
                await self._login(fields)
                continue
            self._acknowledge(tag, fields)
            if tag == HEARTBEAT_PING:
                await self._send(HEARTBEAT_ACK, protobuf.message((2, self._received)))
            elif tag == CLOSE:
                return

    async def deliver(self, message: Message) -> None:
        """Send a DataMessageStanza."""
        subscription = message.subscription
        assert isinstance(subscription, GcmSubscription)
        stanza = protobuf.message(
            (2, message.id),
            (3, subscription.sender),
            (5, subscription.category),
            *((7, protobuf.message((1, key), (2, value))) for key, value in _app_data(message, subscription)),
            (9, message.id),  # persistent_id
            (17, message.ttl),
            (18, int(message.accepted_at)),
            *([(21, message.body)] if message.body else []),
            (24, 1),  # immediate_ack
        )
        self._message_ids[self._sent + 1] = message.id
        await self._send(DATA_MESSAGE, stanza)

    async def close(self) -> None:
        """Cut Chromium off."""
        self._writer.close()

    def ended(self) -> None:
        """Forget this connection."""
        self._store.disconnect(self._client, self)

    async def _login(self, fields: protobuf.Parsed) -> None:
        """Answer a LoginRequest; it lists the messages that arrived on earlier connections."""
        self._client = fields[3][0].decode()
        received = [raw.decode() for raw in fields.get(10, [])]
        self._store.journal.note("chromium: login", client=self._client, received=len(received))
        answer = protobuf.message((1, fields[1][0]), (5, 1), (6, 1), (8, int(self._store.clock() * 1000)))
        self._writer.write(VERSION)
        await self._send(LOGIN_RESPONSE, answer)
        self._store.acknowledge(self._client, received)
        await self._store.connect(self._client, self)

    def _acknowledge(self, tag: int, fields: protobuf.Parsed) -> None:
        field = LAST_RECEIVED.get(tag)
        if field in fields:
            last = fields[field][0]
            received = [message_id for stream_id, message_id in self._message_ids.items() if stream_id <= last]
            self._store.acknowledge(self._client, received)

    async def _send(self, tag: int, body: bytes) -> None:
        self._sent += 1
        self._writer.write(bytes([tag]) + protobuf.varint(len(body)) + body)
        await self._writer.drain()

    async def _size(self) -> int:
        raw = await self._reader.readexactly(1)
        while raw[-1] & 0x80:
            raw += await self._reader.readexactly(1)
        return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(raw))


def _app_data(message: Message, subscription: GcmSubscription) -> list[tuple[str, str]]:
    pairs = [("subtype", subscription.subtype)]
    if message.encoding == "aes128gcm":
        return [*pairs, ("content-encoding", "aes128gcm")]
    if message.encoding == "aesgcm":
        return [*pairs, ("encryption", message.encryption or ""), ("crypto-key", message.crypto_key or "")]
    return pairs
