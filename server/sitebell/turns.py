"""A lock that keeps the order of those who wait for it."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Lets the threads of a process write in the order in which they came.

    SQLite's own waiting looks now and then whether the database is free, so somebody who writes in many short
    transactions, as a bulk upsert does, would leave a page's request waiting for seconds.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    @contextmanager
    def take(self) -> Iterator[None]:
        """Wait for a turn; after `patience` seconds go without, and let SQLite say that it is busy."""
        has_turn = self._wait()
        try:
            yield
        finally:
            if has_turn:
                self._pass_on()

    def _wait(self) -> bool:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(self._patience):
            return True
        with self._guard:
            if not mine.is_set():
                self._waiting.remove(mine)
            return mine.is_set()

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._is_taken = False
