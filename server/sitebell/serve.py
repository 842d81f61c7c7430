"""The supervisor behind `sitebell serve`: web and worker processes, restarted when they die, stopped together."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import structlog
import waitress
from sqlalchemy.exc import SQLAlchemyError
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser

from sitebell.app import create_app
from sitebell.config import Config
from sitebell.errors import SitebellError
from sitebell.worker import release_leases, watch_parent

WEB = "web"
STOP_SECONDS = 20.0
FIRST_RESTART_SECONDS = 0.2
LONGEST_RESTART_SECONDS = 10.0
STEADY_SECONDS = 30.0
THREADS = 8
CONNECTIONS = 2000  # waitress buffers requests, so slow clients cost sockets and not threads (REL-16)
IDLE_SECONDS = 20
LARGEST_BODY = 64 << 20  # the application answers 413 itself, in its own form; this is only what it lets come that far
BACKLOG = 1024

_VENDOR_KEY = re.compile(rb"^api_key(?=[ \t]*:)", re.IGNORECASE | re.MULTILINE)

log = structlog.get_logger()


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Lets one header with an underscore through, PushEngage's key; waitress drops them all, with good reason."""

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(_VENDOR_KEY.sub(b"api-key", header_plus))


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser


@dataclass
class Child:
    """A process that has to run, and when it may be started again."""

    name: str
    arguments: list[str]
    descriptors: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    delay: float = FIRST_RESTART_SECONDS

    def start(self) -> None:
        """Start it; it ends by itself when our end of its standard input is closed."""
        command = [sys.executable, "-m", "sitebell", *self.arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=self.descriptors)  # noqa: S603
        self.started_at = time.monotonic()

    @property
    def is_running(self) -> bool:
        """It was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def take_ended(self) -> subprocess.Popen[bytes] | None:
        """Return the process if it has ended since the last look, and plan the restart."""
        ended = self.process
        if ended is None or ended.poll() is None:
            return None
        now = time.monotonic()
        steady = now - self.started_at >= STEADY_SECONDS
        self.delay = FIRST_RESTART_SECONDS if steady else min(self.delay * 2, LONGEST_RESTART_SECONDS)
        self.restart_at = now + self.delay
        self.process = None
        return ended

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


@dataclass
class Supervisor:
    """Keeps the children running until a signal comes."""

    config: Config
    children: list[Child]
    unreleased: list[str] = field(default_factory=list)
    signals: int = 0
    changed: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Watch until SIGTERM or SIGINT, then stop all: gracefully for 20 seconds, at once on a second signal."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGCHLD, lambda *_: self.changed.set())
        while not self.signals:
            for child in self.children:
                self._tend(child)
            self._release()
            self.changed.wait(0.2)
            self.changed.clear()
        self._stop()

    def _on_signal(self, *_: object) -> None:
        self.signals += 1
        self.changed.set()

    def _tend(self, child: Child) -> None:
        ended = child.take_ended()
        if ended is not None:
            log.error("process ended", name=child.name, pid=ended.pid, status=ended.returncode)
            self.unreleased.append(child.name)
        if child.process is None and time.monotonic() >= child.restart_at:
            child.start()

    def _release(self) -> None:
        """Return the leases of the dead; what the database does not take now is tried again in the next round."""
        for name in list(self.unreleased):
            try:
                count = 0 if name == WEB else release_leases(self.config, name)
            except SQLAlchemyError as error:
                log.warning("leases cannot be returned yet", name=name, reason=type(error).__name__)
                return
            log.info("leases returned", name=name, batches=count)
            self.unreleased.remove(name)

    def _stop(self) -> None:
        for child in self.children:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self.signals < 2 and time.monotonic() < deadline and any(c.is_running for c in self.children):
            self.changed.wait(0.1)
            self.changed.clear()
        for child in self.children:
            if child.is_running:
                log.error("process killed: it did not end in time", name=child.name)
                child.send(signal.SIGKILL)
                self.unreleased.append(child.name)
        self._release()


def run(config: Config) -> None:
    """Serve until a signal comes. The socket is bound once, so a restarted web process loses no connection.

    Raises:
        SitebellError: the address is taken, or the installation cannot be used.
    """
    create_app(config)  # migrations and master key are checked before anything is started
    listener = _listen(config)
    web = ["web", "--descriptor", str(listener.fileno())] + (["--demo"] if config.demo else [])
    children = [Child(WEB, web, (listener.fileno(),))]
    for number in range(config.workers):
        name = f"{socket.gethostname()}:{os.getpid()}:{number}"
        children.append(Child(name, ["worker", "--name", name] + (["--demo"] if config.demo else [])))
    log.info("serving", listening=f"http://{config.host}:{listener.getsockname()[1]}/", workers=config.workers)
    Supervisor(config, children).run()
    listener.close()


def run_web(config: Config, descriptor: int) -> None:
    """Answer requests on an inherited socket until SIGTERM; requests under way are finished."""
    app = create_app(config)
    server = waitress.create_server(
        app,
        sockets=[socket.socket(fileno=descriptor)],
        threads=THREADS,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        max_request_body_size=LARGEST_BODY,
        ident=None,
        clear_untrusted_proxy_headers=False,
    )
    server.channel_class = _Channel
    signal.signal(signal.SIGTERM, _exit)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C reaches the whole group; the supervisor decides
    watch_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    server.run()


def _listen(config: Config) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
        return socket.create_server((config.host, config.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise SitebellError(
            "address_in_use",
            f"Cannot listen on {config.host}:{config.port} ({error.strerror}): set SITEBELL_PORT or SITEBELL_HOST.",
            500,
        ) from error


def _exit(*_: object) -> None:
    raise SystemExit(0)
