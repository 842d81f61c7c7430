"""A running `sitebell serve`, and the ways to it that an operator and a site's back end have."""

import json
import os
import random
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from sqlalchemy import select

from browser.door import Door
from cli.command_line import CommandLine
from sitebell.db import Store, open_store
from sitebell.models import Site, Subscription
from sitebell.push.vapid import VapidKey
from sitebell.services.sites import get_site
from sitebell.services.vapid_keys import current_vapid_key, open_vapid_key
from sitebell.services.vault import open_vault
from support.waiting import wait_until

ASK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
# Below the ports that outgoing connections take: while the server is down, nothing else may sit on its port.
QUIET_PORTS = range(18_000, 32_000)
START_TIMEOUT = 60
STOP_TIMEOUT = 25


class SitebellServer:
    """One installation, its command line, its server process. A context manager: it serves inside.

    url: where browsers find it, through the `door`. Back end and operator have a way of their own.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._port, public_port = quiet_port(), quiet_port()
        self.door = Door(public_port, self._port)
        self.url = f"http://localhost:{public_port}"
        self.command = CommandLine(folder)
        self.command.settings = {
            "SITEBELL_DATA": str(folder),
            "SITEBELL_PORT": str(self._port),
            "SITEBELL_BASE_URL": self.url,
            "SITEBELL_VAPID_SUBJECT": "mailto:ops@example.com",
            **settings,
        }
        self._log = folder.parent / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve behind an open door; return when web and worker are there."""
        self.door.open()
        if self._process is not None:
            return
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SITEBELL_")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sitebell", "serve"],
                env=environment | self.command.settings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_ready, "the server to be ready", START_TIMEOUT)

    def stop(self) -> None:
        """Stop as a service manager does, behind a shut door; nothing listens until the next start."""
        self.door.shut()
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(STOP_TIMEOUT) == 0, self._log.read_text()[-2000:]
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        usual = f"sqlite:///{self.command.database}"
        self.store: Store = open_store(self.command.settings.get("SITEBELL_DATABASE_URL", usual))
        return self

    def __exit__(self, *_exception: object) -> None:
        self.store.close()
        self.stop()
        self.door.close()

    def ask(self, method: str, path: str, api_key: str = "", body: Any = None, credential: str = "") -> tuple[int, Any]:
        """Return status and JSON of one request; `credential` is a whole header Authorization, without a scheme.

        Raises:
            OSError: nobody answers.
        """
        written = f"Bearer {api_key}" if api_key else credential
        headers = {"Authorization": written} if written else {}
        data = None if body is None else json.dumps(body).encode()
        headers |= {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", data, headers, method=method)
        try:
            with ASK.open(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def subscriptions(self, token: str) -> list[Subscription]:
        """Return the rows of a site's subscriptions, the oldest first."""
        with self.store.reading() as session:
            query = select(Subscription).join(Site, Site.id == Subscription.site_id)
            return list(session.scalars(query.where(Site.token == token).order_by(Subscription.id)))

    def vapid_key(self, token: str) -> VapidKey:
        """Return a site's current key pair, the private half included."""
        with self.store.reading() as session:
            vault = open_vault(session, self.command.master_key)
            return open_vapid_key(vault, current_vapid_key(session, get_site(session, token)))

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()[-2000:]
        try:
            return self.ask("GET", "/readyz")[0] == 200
        except OSError:
            return False


def quiet_port() -> int:
    """Return a port on which nothing listens, and on which nothing will by chance."""
    while True:
        port = random.choice(QUIET_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
