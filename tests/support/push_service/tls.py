"""The TLS side of the push API: HTTP/2 or HTTP/1.1, whichever the client agreed on by ALPN (RFC 7301)."""

import asyncio
import ssl

from aiohttp import web

from support.push_service.http2 import Answerer, Http2Connection
from support.push_service.journal import PushRequest

LOOPBACK = "127.0.0.1"


class TlsFront:
    """Listeners that lead to one `Answerer`. Create and use it in the service's loop."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer
        self._http1 = web.Server(self._answer_http1, access_log=None)
        self._http2: set[Http2Connection] = set()
        self._servers: list[asyncio.Server] = []

    async def listen(self, context: ssl.SSLContext) -> int:
        """Open a listener on a free loopback port and return the port."""
        server = await asyncio.get_running_loop().create_server(lambda: _AlpnSwitch(self), LOOPBACK, 0, ssl=context)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and close every connection."""
        for server in self._servers:
            server.close()
        for connection in list(self._http2):
            connection.close()
        await self._http1.shutdown(timeout=0)

    def protocol_for(self, alpn: str | None) -> asyncio.Protocol:
        """Return the protocol that speaks what ALPN settled on; a client without ALPN gets HTTP/1.1."""
        if alpn == "h2":
            return Http2Connection(self._answer, self._http2)
        return self._http1()

    async def _answer_http1(self, request: web.BaseRequest) -> web.StreamResponse:
        answer = await self._answer(
            PushRequest(
                http_version=f"HTTP/{request.version.major}.{request.version.minor}",
                connection=str(request.get_extra_info("peername")),
                method=request.method,
                host=request.host.removesuffix(":443"),
                path=request.raw_path,
                headers={name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers},
                body=await request.read(),
            )
        )
        if answer.status == 0 and request.transport is not None:
            request.transport.abort()
        return web.Response(status=answer.status or 500, headers=answer.headers, body=answer.body)


class _AlpnSwitch(asyncio.Protocol):
    """Steps aside as soon as the handshake told which protocol the connection speaks."""

    def __init__(self, front: TlsFront) -> None:
        self._front = front

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand the connection over."""
        tls: ssl.SSLObject = transport.get_extra_info("ssl_object")
        protocol = self._front.protocol_for(tls.selected_alpn_protocol())
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
