"""Wrong answers on request: the statuses, delays and silences of a push service on a bad day."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Fault:
    """What is answered instead of the truth.

    status: HTTP status; 0 cuts the connection without an answer.
    count: how many requests it meets, None for all of them.
    match: part of the host or path; "" meets everyone.
    delay: seconds before the answer; math.inf never answers.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    count: int | None = 1
    match: str = ""
    delay: float = 0


class FaultPlan:
    """The faults that wait for their requests, the oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put one at the end."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Answer truly again."""
        self._faults.clear()

    def take(self, host_and_path: str) -> Fault | None:
        """Return the fault that meets this request, and count it."""
        for fault in list(self._faults):
            if fault.count != 0 and fault.match in host_and_path:
                if fault.count is not None:
                    fault.count -= 1
                return fault
        return None


class Throttle:
    """Spreads answers evenly over time, so that a big message lasts long enough to be disturbed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._interval = 0.0
        self._next = -math.inf

    def set(self, per_second: float | None) -> None:
        """Answer at most so many requests a second; None lifts the limit."""
        self._interval = 1 / per_second if per_second else 0.0
        self._next = -math.inf

    def reserve(self) -> float:
        """Return how many seconds from now the next free answer is due."""
        if not self._interval:
            return 0.0
        now = self._clock()
        self._next = max(self._next + self._interval, now)
        return self._next - now
