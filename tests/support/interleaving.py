"""Two calls of which the second comes in the middle of the first, and calls that are made at the same moment."""

import re
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Engine, event, text
from werkzeug.test import TestResponse

from support.waiting import wait_until

Meanwhile = Callable[..., TestResponse]  # method, path and body
A = TypeVar("A")
B = TypeVar("B")

PATIENCE = 20  # seconds, of which nothing is used when all goes well
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)  # of PostgreSQL; SQLite has no second writer in the middle of the first


def interleave(engine: Engine, first: Callable[[], A], second: Callable[[], B], *, after: str) -> tuple[A, B]:
    """Make a call, and another after its first statement that the pattern `after` is found in; return both answers.

    The first goes on when the second is done, or waits for it. The first may be interleaved with a third in its turn.
    """
    thread, pattern = threading.get_ident(), re.compile(after, re.DOTALL)
    others: list[Future[B]] = []
    with ThreadPoolExecutor(1) as pool:

        def look(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
            if threading.get_ident() == thread and not others and pattern.search(sql):
                others.append(pool.submit(second))
                wait_until(lambda: others[0].done() or _somebody_waits(engine), "the other call", PATIENCE)

        event.listen(engine, "after_cursor_execute", look)
        try:
            one = first()
        finally:
            event.remove(engine, "after_cursor_execute", look)
        assert others, f"no statement with {after} in the call that returned {one}"
        return one, others[0].result(PATIENCE)


def at_once(calls: Iterable[Callable[[], A]]) -> list[A]:
    """Make calls at the same moment, from a thread each, and return what they return."""
    calls = list(calls)
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], A]) -> A:
        start.wait(PATIENCE)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


def _somebody_waits(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(WAITING))
