"""The other examples do what their READMEs say: the smallest site, and a message sent with the standard library."""

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from install.serving import Serving, free_port
from support.browser import Browser
from support.notifications import NotificationDaemon
from support.push_service import PushService

EXAMPLES = Path(__file__).parents[2] / "examples"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """`python3 -m http.server`, without its log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@dataclass(frozen=True)
class MinimalSite:
    """The smallest site, served beside a Sitebell server of its own."""

    origin: str
    server: str
    api_key: str

    def send(self, *arguments: str, api_key: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `send.py` as the README does, with nothing but the standard library."""
        command = [sys.executable, "-I", str(EXAMPLES / "send.py"), self.server, *arguments]
        environment = {"SITEBELL_API_KEY": api_key or self.api_key}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)


@pytest.fixture(scope="module")
def minimal_site(tmp_path_factory: pytest.TempPathFactory, module_push_service: PushService) -> Iterator[MinimalSite]:
    """The steps of examples/minimal/README.md, on free ports."""
    scratch, port = tmp_path_factory.mktemp("serve"), free_port()
    origin = f"http://localhost:{port}"
    settings = {"SITEBELL_VAPID_SUBJECT": "mailto:you@example.com", **module_push_service.settings()}
    sitebell = [sys.executable, "-m", "sitebell"]
    with Serving([*sitebell, "serve"], scratch, scratch, {**os.environ, **settings}) as serving:
        create = [*sitebell, "sites", "create", "My site", "--origin", origin, "--json"]
        environment = {**os.environ, "SITEBELL_DATA": str(scratch / "data")}
        created = json.loads(subprocess.run(create, env=environment, check=True, capture_output=True).stdout)
        server = f"http://localhost:{serving.port}"
        folder = fill_in(tmp_path_factory.mktemp("site"), server, created["token"])
        with served(folder, port):
            yield MinimalSite(origin, server, created["api_key"])


def fill_in(folder: Path, server: str, token: str) -> Path:
    """Copy the site with the blanks filled."""
    for name in ("index.html", "bell-worker.js"):
        text = (EXAMPLES / "minimal" / name).read_text()
        (folder / name).write_text(text.replace("TOKEN", token).replace("http://localhost:8080", server))
    return folder


@contextmanager
def served(folder: Path, port: int) -> Iterator[None]:
    """Serve a folder until the block ends."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def test_the_smallest_site_subscribes_and_is_rung(
    minimal_site: MinimalSite, browser: Browser, notifications: NotificationDaemon
) -> None:
    browser.goto(f"{minimal_site.origin}/")
    browser.click("#subscribe")
    browser.wait_for("document.getElementById('answer').textContent === 'Done. You will hear from us.'")

    sent = minimal_site.send("It works", "Said the bell.")

    assert (sent.returncode, len(sent.stdout.strip()), sent.stderr) == (0, 24, "")
    assert "Said the bell." in notifications.wait("It works").body


def test_a_refusal_is_one_sentence(minimal_site: MinimalSite) -> None:
    refused = minimal_site.send("Hello", api_key="sb_unknown")

    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "API key" in refused.stderr


def test_the_readme_names_what_the_files_hold() -> None:
    """The blank to fill, the ports and the files, as a reader types them."""
    readme = (EXAMPLES / "minimal" / "README.md").read_text()
    texts = [(EXAMPLES / "minimal" / name).read_text() for name in ("index.html", "bell-worker.js")]

    assert all(text.count("TOKEN") == 1 and "http://localhost:8080" in text for text in texts)
    assert all(name in readme for name in ("TOKEN", "index.html", "bell-worker.js", "../send.py", "localhost:8000"))
