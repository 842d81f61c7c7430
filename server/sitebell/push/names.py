"""Looks names up beside the loop, so that a slow name server holds up one push host and not all of them."""

import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

Resolver = Callable[[str], list[str]]

_KEPT_FOR = 60.0
_FAILURE_KEPT_FOR = 5.0
_KEPT_NAMES = 1000
_THREADS = 4


def resolve(host: str) -> list[str]:
    """Return every address of `host` in text form, as the system's resolver orders them.

    Raises:
        OSError: the name does not exist, or nobody answers for it.
    """
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a name led to.

    Args:
        addresses: at least one, or none if there is a problem.
        problem: a sentence without its end, or "".
    """

    addresses: tuple[str, ...]
    problem: str = ""


class Names:
    """Addresses by name, each looked up once and kept for a minute (a failure for 5 s).

    Args:
        resolver: called with one name in one of at most four threads; raises OSError when there is no answer.
        patience: seconds after which a name counts as not found, although the resolver may still be busy.
        wake: called from those threads when `find` has something new to say.
    """

    def __init__(self, resolver: Resolver, patience: float, wake: Callable[[], None]) -> None:
        self._resolver = resolver
        self._patience = patience
        self._wake = wake
        self._known: dict[str, tuple[float, Lookup]] = {}
        self._asked: dict[str, float] = {}
        self._questions: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[str, Lookup]] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def find(self, host: str, now: float) -> Lookup | None:
        """Return what `host` leads to, or None while that is being looked up. `now` is monotonic time."""
        self._read_answers(now)
        if host in self._known:
            until, lookup = self._known[host]
            if now < until:
                return lookup
        if host not in self._asked:
            self._ask(host, now)
        if now - self._asked[host] > self._patience:
            return Lookup((), f"the name {host} was not resolved within {self._patience:g} s")
        return None

    def forget(self, host: str) -> None:
        """Look `host` up again the next time: the addresses that it led to do not answer."""
        self._known.pop(host, None)

    def close(self) -> None:
        """Let the threads end; one that waits for a name server ends when that gives up."""
        for _ in self._threads:
            self._questions.put(None)

    def _ask(self, host: str, now: float) -> None:
        self._asked[host] = now
        self._questions.put(host)
        if len(self._threads) < min(len(self._asked), _THREADS):
            thread = threading.Thread(target=self._work, name="sitebell-names", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (host := self._questions.get()) is not None:
            try:
                addresses = tuple(self._resolver(host))
                lookup = Lookup(addresses, "" if addresses else f"the name {host} has no address")
            except (OSError, UnicodeError):
                lookup = Lookup((), f"the name {host} could not be resolved")
            self._answers.put((host, lookup))
            self._wake()

    def _read_answers(self, now: float) -> None:
        while not self._answers.empty():
            host, lookup = self._answers.get()
            self._asked.pop(host, None)
            if len(self._known) >= _KEPT_NAMES:
                self._known.clear()
            kept_for = _FAILURE_KEPT_FOR if lookup.problem else _KEPT_FOR
            self._known[host] = (now + kept_for, lookup)
