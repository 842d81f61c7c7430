"""The only source of the time, so that an operation reads it once and tests can pass their own."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utcnow() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def from_epoch_milliseconds(milliseconds: float) -> datetime:
    """Return the aware UTC moment `milliseconds` after 1970, the unit of JavaScript's `Date.now()`.

    Raises:
        ValueError, OverflowError: the moment is outside the years that datetime knows.
    """
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
