"""What the push service saw, and the one place where a test waits for it to see more."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO, TypeVar

T = TypeVar("T")


@dataclass(eq=False, kw_only=True)
class PushRequest:
    """One request to the RFC 8030 API. Header names are in lower case; `path` holds the query too.

    http_version: "HTTP/2" or "HTTP/1.1"; connection: the client's address and port, one per TCP connection;
    status: the answer, None while it is being worked on, 0 when the connection was cut instead.
    """

    http_version: str
    connection: str
    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None = None
    received_at: float = field(default_factory=time.time)


@dataclass(frozen=True)
class Event:
    """One step of a protocol: a rejected push, a browser's hello, an acknowledgement."""

    at: float
    kind: str
    details: dict[str, Any]


class Journal:
    """Lists that only grow, until `clear()`. Written by the service's thread, read by the tests'."""

    def __init__(self, log: TextIO | None = None) -> None:
        self.requests: list[PushRequest] = []
        self.events: list[Event] = []
        self.refused: list[str] = []
        self._log = log
        self._changed = threading.Condition()

    def note(self, kind: str, **details: Any) -> None:
        """Add an event and wake those who wait."""
        event = Event(time.time(), kind, details)
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()
        if self._log:
            print(f"[push service] {kind} {details}", file=self._log, flush=True)

    def refuse(self, target: str) -> None:
        """Record what a proxy was asked for and did not allow."""
        self.refused.append(target)
        self.note("proxy refused", target=target)

    def received(self, request: PushRequest) -> None:
        """Record a request before it is answered."""
        self.requests.append(request)

    def answered(self, request: PushRequest, status: int) -> None:
        """Record the answer of a request and wake those who wait."""
        with self._changed:
            request.status = status
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], T], timeout: float = 20) -> T:
        """Block the calling thread until `condition()` is true and return its value.

        Raises:
            TimeoutError: with the last events.
        """
        with self._changed:
            value = self._changed.wait_for(condition, timeout)
        if not value:
            raise TimeoutError(f"waited {timeout:g} s for the push service; last events: {self.events[-8:]}")
        return value

    def clear(self) -> None:
        """Forget requests and events; what a proxy refused stays, since it must be empty at the end."""
        self.requests.clear()
        self.events.clear()
