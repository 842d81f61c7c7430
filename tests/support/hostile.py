"""A push service that means harm: scripted answers over real TLS that a sender must survive (SEC-04 to SEC-06)."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from typing import Literal, Self

from support.loop_thread import LoopThread
from support.push_service import PushService
from support.running import Running

LOOPBACK = "127.0.0.1"
Behaviour = Literal["redirect", "flood", "drip", "gzip bomb", "endless headers", "black hole", "accept"]
CHUNK = b"x" * (1 << 16)


class HostileServer(Running):
    """One TLS listener on loopback, HTTP/1.1, with certificates of the push service double.

    Lead a host of the double's proxy to it: `push.route("slow.push.apple.com", hostile.port)`.

    Behaviours, chosen by the `behaviour` attribute at any time:
        redirect: 307 to `redirect_to`.
        flood: 201 and a body of `flood_bytes`.
        drip: 201 and a body of which one byte a second arrives.
        gzip bomb: 201 and a small compressed body that becomes `flood_bytes`.
        endless headers: a header that never ends.
        black hole: reads the request, says nothing.
        accept: 201. A second server of this kind counts what a redirect brings in.

    requests: the header blocks that came in. sent_bytes: of the answers, those that the network took
    (what the client read and what fits into the buffers on the way, a few MB).
    connections: how many were opened; hung_up: how many of them the client has closed.
    """

    def __init__(
        self,
        push_service: PushService,
        behaviour: Behaviour = "black hole",
        *,
        redirect_to: str = "",
        flood_bytes: int = 200_000_000,
    ) -> None:
        self.behaviour: Behaviour = behaviour
        self.redirect_to = redirect_to
        self.flood_bytes = flood_bytes
        self.requests: list[str] = []
        self.sent_bytes = self.connections = self.hung_up = 0
        self._context = push_service.authority.server_context("http/1.1")
        self._play: dict[Behaviour, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {
            "redirect": self._redirect,
            "flood": self._flood,
            "drip": self._drip,
            "gzip bomb": self._gzip_bomb,
            "endless headers": self._endless_headers,
            "black hole": self._black_hole,
            "accept": self._accept,
        }

    def start(self) -> Self:
        """Listen on a free port, `port`."""
        self._thread = LoopThread("hostile server")
        self._thread.run(self._listen())
        return self

    def stop(self) -> None:
        """Stop listening and cut all connections."""
        self._thread.loop.call_soon_threadsafe(self._server.close)
        self._thread.stop()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0, ssl=self._context)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head.decode("latin-1"))
                await reader.readexactly(_content_length(head))
                await self._play[self.behaviour](writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.hung_up += 1
        finally:
            writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        # Over TLS drain() alone neither waits nor raises after the client has gone, and starves the loop.
        await asyncio.sleep(0)
        await writer.drain()
        self.sent_bytes += len(data)

    async def _redirect(self, writer: asyncio.StreamWriter) -> None:
        await self._send(
            writer,
            b"HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % self.redirect_to.encode(),
        )

    async def _flood(self, writer: asyncio.StreamWriter) -> None:
        await self._send(writer, b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n" % self.flood_bytes)
        for _ in range(self.flood_bytes // len(CHUNK)):
            await self._send(writer, CHUNK)
        await self._send(writer, CHUNK[: self.flood_bytes % len(CHUNK)])

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        await self._send(writer, b"HTTP/1.1 201 Created\r\nContent-Length: 3600\r\n\r\n")
        for _ in range(3600):
            await self._send(writer, b"x")
            await asyncio.sleep(1)

    async def _gzip_bomb(self, writer: asyncio.StreamWriter) -> None:
        body = gzip.compress(bytes(self.flood_bytes), compresslevel=1)
        head = b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        await self._send(writer, head % len(body) + body)

    async def _endless_headers(self, writer: asyncio.StreamWriter) -> None:
        await self._send(writer, b"HTTP/1.1 201 Created\r\nX-Endless: ")
        while True:
            await self._send(writer, CHUNK)

    async def _black_hole(self, writer: asyncio.StreamWriter) -> None:
        await writer.wait_closed()

    async def _accept(self, writer: asyncio.StreamWriter) -> None:
        await self._send(writer, b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0
