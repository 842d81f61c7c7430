"""Keeps the push hosts apart, so that one that does not answer holds up its own messages and not everybody's."""

from collections import deque

from sitebell.push.exchange import Request

# What a host gets before it has answered over HTTP/2; and over HTTP/1.1 always, one request to a connection.
CONNECTIONS_PER_HOST = 16

_SILENCES_UNTIL_CLOSED = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 60.0


class Lane:
    """The requests of one push host: so many under way, the others parked in order.

    A host that let 8 requests in a row run out of time is closed for 5 s, then tried with a single request; while it
    stays silent each pause is twice as long as the one before, up to a minute.
    """

    __slots__ = ("_closed_until", "_multiplexed", "_pause", "_per_host", "_silences", "host", "in_flight", "parked")

    def __init__(self, host: str, per_host: int) -> None:
        self.host = host
        self.in_flight = 0
        self.parked: deque[Request] = deque()
        self._per_host = per_host
        self._multiplexed = False
        self._silences = 0
        self._pause = _FIRST_PAUSE
        self._closed_until = 0.0

    @property
    def has_room(self) -> bool:
        """Whether one more request may be under way."""
        limit = self._per_host if self._multiplexed else min(self._per_host, CONNECTIONS_PER_HOST)
        return self.in_flight < limit

    def closed_for(self, now: float) -> float:
        """Return the seconds until a request is worth trying; 0 for an open lane. `now` is monotonic time."""
        if self._silences < _SILENCES_UNTIL_CLOSED:
            return 0.0
        left = self._closed_until - now
        if left <= 0 and self.in_flight:
            return _FIRST_PAUSE  # the one that tries it is under way
        return max(0.0, left)

    def answered(self, *, multiplexed: bool) -> None:
        """Note that the host answered, whatever it said."""
        self._multiplexed = multiplexed
        self._silences = 0
        self._pause = _FIRST_PAUSE

    def timed_out(self, now: float) -> None:
        """Note that a request ran out of time."""
        self._silences += 1
        if self._silences >= _SILENCES_UNTIL_CLOSED and now >= self._closed_until:
            self._closed_until = now + self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    @property
    def is_idle(self) -> bool:
        """Whether nothing would be lost without it."""
        return not (self.in_flight or self.parked or self._silences)
