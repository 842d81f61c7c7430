"""The push service as a thing that runs: its parts, its life, its addresses."""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Self, TextIO

from support.loop_thread import LoopThread
from support.push_service.faults import FaultPlan, Throttle
from support.push_service.journal import Journal
from support.push_service.listeners import Listeners
from support.push_service.pki import Authority
from support.push_service.providers import HOSTS, provider_of
from support.push_service.store import Store
from support.push_service.subscriber import Devices
from support.push_service.tls import LOOPBACK
from support.push_service.webpush import PushApi
from support.running import Running

BACK_ENDS = ("hooks.example.com", "hooks.example.net")  # of sites; `route` leads to what plays them
HttpVersions = Literal["any", "http/1.1"]


class RunningPushService(Running):
    """Its parts, its life and its addresses; `PushService` adds how tests steer and ask it.

    Args:
        log: every event is printed there as it happens.
        clock: seconds since the epoch; tests of TTL pass their own.
    """

    def __init__(self, log: TextIO | None = None, clock: Callable[[], float] = time.time) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="push-service-"))
        self.authority = Authority(self._directory, [LOOPBACK, "localhost", "mtalk.google.com", *HOSTS, *BACK_ENDS])
        self._journal = Journal(log)
        self._store = Store(self._journal, clock)
        self._devices = Devices(self._store)
        self._faults, self._throttle = FaultPlan(), Throttle()
        api = PushApi(self._store, self._journal, self._faults, self._throttle)
        self._listeners = Listeners(self._store, self._journal, api, self.authority)
        self._routes: dict[str, int] = {}
        self._versions: HttpVersions = "any"

    # Life

    def start(self) -> Self:
        """Open all listeners."""
        self._thread = LoopThread("push service")
        self._thread.run(self._listeners.open(self._route))
        return self

    def stop(self) -> None:
        """Close all listeners and remove the certificates."""
        self._thread.run(self._listeners.close())
        self._thread.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    # Where it is

    @property
    def ca_file(self) -> Path:
        """The CA that signed the certificates of all push hosts."""
        return self.authority.ca_file

    @property
    def https_port(self) -> int:
        """The push API over HTTP/2 or HTTP/1.1."""
        return self._listeners.https_port

    @property
    def h1_port(self) -> int:
        """The push API over HTTP/1.1 alone."""
        return self._listeners.h1_port

    @property
    def guard_port(self) -> int:
        """A proxy for browsers that refuses everything and tells in `refused`."""
        return self._listeners.guard_port

    @property
    def websocket_url(self) -> str:
        """Firefox's dom.push.serverURL."""
        return f"ws://{LOOPBACK}:{self._listeners.browser_port}/"

    def settings(self) -> dict[str, str]:
        """Return the environment that leads a server under test here, through the CONNECT proxy."""
        return {
            "SITEBELL_PUSH_PROXY": f"http://{LOOPBACK}:{self._listeners.proxy_port}",
            "SITEBELL_PUSH_CA_FILE": str(self.ca_file),
        }

    def chromium_args(self) -> list[str]:
        """Return the switches that lead Chromium here."""
        http = f"http://{LOOPBACK}:{self._listeners.browser_port}"
        return [
            f"--gcm-checkin-url={http}/checkin",
            f"--gcm-registration-url={http}/c2dm/register3",
            f"--gcm-mcs-endpoint=https://{LOOPBACK}:{self._listeners.mcs_port}",
            f"--ignore-certificate-errors-spki-list={self.authority.spki_hash}",
        ]

    def _route(self, host: str) -> int | None:
        if host in self._routes:
            return self._routes[host]
        if provider_of(host) is None:
            return None
        return self.h1_port if self._versions == "http/1.1" else self.https_port
