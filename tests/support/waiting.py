"""The one place where a test waits by looking again: for things that cannot wake it, such as files and pages."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T | None], what: str, timeout: float = 20, interval: float = 0.03) -> T:
    """Return the first true value of `condition()`.

    Raises:
        TimeoutError: none came within `timeout` seconds; the text names `what` and the last value.
    """
    end = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {timeout:g} s for {what}; last seen: {value!r}")
        time.sleep(interval)
    return value
