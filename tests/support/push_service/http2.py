"""One HTTP/2 connection (RFC 9113) of the push API: requests in, answers out, as many at once as the client likes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError, StreamClosedError

from support.push_service.journal import PushRequest
from support.push_service.webpush import Answer

Answerer = Callable[[PushRequest], Awaitable[Answer]]
BODY_KEPT = 1 << 20


@dataclass
class _Incoming:
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)


class Http2Connection(asyncio.Protocol):
    """Feeds an `Answerer` and joins `live` while it is open."""

    def __init__(self, answer: Answerer, live: "set[Http2Connection]") -> None:
        self._answer, self._live = answer, live
        # Speed: the double should not be what a test of thousands of messages measures.
        self._h2 = H2Connection(
            H2Configuration(client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False)
        )
        self._incoming: dict[int, _Incoming] = {}
        self._unsent: dict[int, memoryview] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None
        self._peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet the client."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peer = str(transport.get_extra_info("peername"))
        self._live.add(self)
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Leave; what was received whole is still worked on, as a real service would."""
        self._transport = None
        self._live.discard(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the client."""
        try:
            for event in self._h2.receive_data(data):
                self._handle(event)
        except ProtocolError:
            self.close()
        self._flush()

    def close(self) -> None:
        """Say goodbye (GOAWAY) and close."""
        if self._transport is not None:
            self._h2.close_connection()
            self._flush()
            self._transport.close()

    def _handle(self, event: events.Event) -> None:
        match event:
            case events.RequestReceived():
                self._incoming[event.stream_id] = _Incoming(_joined(event.headers))
            case events.DataReceived():
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                incoming = self._incoming.get(event.stream_id)
                if incoming is not None and len(incoming.body) < BODY_KEPT:
                    incoming.body += event.data
            case events.StreamEnded():
                self._start(event.stream_id)
            case events.StreamReset():
                self._incoming.pop(event.stream_id, None)
                self._unsent.pop(event.stream_id, None)
            case events.WindowUpdated():
                self._send_waiting_bodies()

    def _start(self, stream_id: int) -> None:
        incoming = self._incoming.pop(stream_id, None)
        if incoming is None:
            return
        headers = incoming.headers
        request = PushRequest(
            http_version="HTTP/2",
            connection=self._peer,
            method=headers.pop(":method"),
            host=headers.pop(":authority", "").removesuffix(":443"),
            path=headers.pop(":path"),
            headers={name: value for name, value in headers.items() if not name.startswith(":")},
            body=bytes(incoming.body),
        )
        task = asyncio.get_running_loop().create_task(self._respond(stream_id, request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _respond(self, stream_id: int, request: PushRequest) -> None:
        answer = await self._answer(request)
        if self._transport is None:
            return
        if answer.status == 0:
            self._transport.abort()
            return
        headers = [(":status", str(answer.status)), ("content-length", str(len(answer.body)))]
        headers += answer.headers.items()
        try:
            self._h2.send_headers(stream_id, headers, end_stream=not answer.body)
        except ProtocolError:  # the client reset the stream meanwhile
            return
        if answer.body:
            self._unsent[stream_id] = memoryview(answer.body)
            self._send_waiting_bodies()
        self._flush()

    def _send_waiting_bodies(self) -> None:
        """Send as much as the client's flow control windows allow (RFC 9113 section 5.2)."""
        for stream_id in list(self._unsent):
            try:
                self._send_body(stream_id)
            except StreamClosedError:  # the client wants no more of it; the connection goes on
                del self._unsent[stream_id]

    def _send_body(self, stream_id: int) -> None:
        while stream_id in self._unsent and (room := self._room(stream_id)) > 0:
            chunk, rest = self._unsent[stream_id][:room], self._unsent[stream_id][room:]
            self._h2.send_data(stream_id, bytes(chunk), end_stream=not rest)
            if rest:
                self._unsent[stream_id] = rest
            else:
                del self._unsent[stream_id]

    def _room(self, stream_id: int) -> int:
        return min(self._h2.local_flow_control_window(stream_id), self._h2.max_outbound_frame_size)

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(self._h2.data_to_send())


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers as a dictionary; repeated ones are joined by a comma (RFC 9110 section 5.2)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
