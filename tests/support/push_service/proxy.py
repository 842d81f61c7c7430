"""An HTTP CONNECT proxy (RFC 9110 section 9.3.6) that leads where the double wants and refuses everything else."""

import asyncio
import re
import socket
from collections.abc import Callable

from support.push_service.journal import Journal

LOOPBACK = "127.0.0.1"
BUFFER_BYTES = 1 << 18
Route = Callable[[str], int | None]


class ConnectProxy:
    """`route` maps a host name to a loopback port; None answers 403 and is recorded in `Journal.refused`."""

    def __init__(self, route: Route, journal: Journal) -> None:
        self._route, self._journal = route, journal

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            port = self._port(head)
            if port is None:
                self._journal.refuse(head.split("\r\n")[0])
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
            else:
                await self._tunnel(reader, writer, port)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass  # the client went away, or never was one
        finally:
            writer.close()

    def _port(self, head: str) -> int | None:
        request = re.match(r"CONNECT ([^:\s]+):443 HTTP/1\.", head)
        return self._route(request.group(1)) if request else None

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        far_reader, far_writer = await asyncio.open_connection(sock=await _dial(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))


async def _dial(port: int) -> socket.socket:
    """Connect with a receive buffer that does not grow: how much a flood pours into it is the same on every machine."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    connection.setblocking(False)  # noqa: FBT003
    try:
        await asyncio.get_running_loop().sock_connect(connection, (LOOPBACK, port))
    except BaseException:
        connection.close()
        raise
    return connection


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()
