"""The way by which browsers reach the server: a test can shut it, for an outage that costs no restart."""

import asyncio
from typing import Any, Literal

from support.loop_thread import LoopThread

LOOPBACK = "127.0.0.1"


State = Literal["shut", "open", "stalled", "failing"]


class Door:
    """Leads from one loopback port to another. It is shut at first; `close()` ends it.

    knocks: how many connections came while it was not open.
    """

    def __init__(self, port: int, target: int) -> None:
        self._port, self._target = port, target
        self._thread = LoopThread("door")
        self._state: State = "shut"
        self._listener: asyncio.Server | None = None
        self._visits: set[asyncio.Task[Any]] = set()
        self.knocks = 0

    def open(self) -> None:
        """Let everyone in."""
        self._become("open")

    def shut(self) -> None:
        """Hang up, and refuse connections from now on."""
        self._become("shut")

    def stall(self) -> None:
        """Hang up, and leave those who come from now on without an answer."""
        self._become("stalled")

    def fail(self) -> None:
        """Answer 503 from now on, as a proxy does whose server is down."""
        self._become("failing")

    def close(self) -> None:
        """Shut it for good."""
        self.shut()
        self._thread.stop()

    def _become(self, state: State) -> None:
        if state != self._state:
            self._thread.run(self._change(state))

    async def _change(self, state: State) -> None:
        if self._listener is not None:
            for ear in self._listener.sockets:
                asyncio.get_running_loop().remove_reader(ear.fileno())
            await asyncio.sleep(
                0
            )  # who was let in just now gets a transport: asyncio drops them where it finds it closed
            self._listener.close()
            self._listener = None
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)
        self._state, self.knocks = state, 0
        if state != "shut":
            self._listener = await asyncio.start_server(self._let_in, LOOPBACK, self._port)

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.create_task(self._see_off(reader, writer))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)
        visit.add_done_callback(lambda _: writer.transport.abort())

    async def _see_off(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._attend(reader, writer)
        finally:
            writer.transport.abort()
            await writer.wait_closed()  # or the loop ends before the transport does

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._state != "open":
            self.knocks += 1
        if self._state == "failing":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            return
        if self._state == "stalled":
            await asyncio.Event().wait()
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            return  # no server behind the door
        ways = [asyncio.create_task(_carry(reader, far_writer)), asyncio.create_task(_carry(far_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            far_writer.transport.abort()
            await far_writer.wait_closed()


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass  # one of the two has hung up
