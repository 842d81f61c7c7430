"""Everything of the push service that listens, all on loopback and on free ports."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web

from support.push_service.autopush import Autopush
from support.push_service.gcm import Gcm
from support.push_service.journal import Journal
from support.push_service.mcs import Mcs
from support.push_service.pki import Authority
from support.push_service.proxy import ConnectProxy, Route
from support.push_service.store import Store
from support.push_service.tls import LOOPBACK, TlsFront
from support.push_service.webpush import PushApi

StreamHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listeners:
    """Opened and closed as one, in the service's loop.

    browser_port: plain HTTP, the WebSocket of Firefox and the check-in of Chromium; mcs_port: Chromium's stream;
    https_port: the push API over HTTP/2 or HTTP/1.1; h1_port: the same over HTTP/1.1 alone;
    proxy_port: the way to the push API for a server under test; guard_port: a proxy that refuses everything.
    """

    browser_port = mcs_port = https_port = h1_port = proxy_port = guard_port = 0

    def __init__(self, store: Store, journal: Journal, api: PushApi, authority: Authority) -> None:
        self._store, self._journal, self._api, self._authority = store, journal, api, authority
        self._streams: list[asyncio.Server] = []

    async def open(self, route: Route) -> None:
        """Start to listen; `route` says where the proxy leads."""
        await self._open_browser_side()
        self._front = TlsFront(self._api.answer)
        self.https_port = await self._front.listen(self._authority.server_context("h2", "http/1.1"))
        self.h1_port = await self._front.listen(self._authority.server_context("http/1.1"))
        mcs = Mcs(self._store)
        self.mcs_port = await self._open_stream(mcs.handle, self._authority.server_context())
        self.proxy_port = await self._open_stream(ConnectProxy(route, self._journal).handle)
        self.guard_port = await self._open_stream(ConnectProxy(_nowhere, self._journal).handle)

    async def close(self) -> None:
        """Stop listening and cut what is connected."""
        for server in self._streams:
            server.close()
        await self._store.close_connections()
        await self._front.close()
        await self._runner.cleanup()

    async def _open_browser_side(self) -> None:
        gcm = Gcm(self._store)
        app = web.Application()
        app.router.add_get("/", Autopush(self._store).handle)
        app.router.add_post("/checkin", gcm.checkin)
        app.router.add_post("/c2dm/register3", gcm.register)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, 0).start()
        self.browser_port = self._runner.addresses[0][1]

    async def _open_stream(self, handler: StreamHandler, context: ssl.SSLContext | None = None) -> int:
        server = await asyncio.start_server(handler, LOOPBACK, 0, ssl=context)
        self._streams.append(server)
        return int(server.sockets[0].getsockname()[1])


def _nowhere(host: str) -> None:  # noqa: ARG001
    return None
