"""A clock that stands still until a test moves it, for rules about time."""

from datetime import UTC, datetime, timedelta


class StoppedClock:
    """Shows the moment of its making, to the second."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **duration: float) -> None:
        """Move on by seconds, minutes, hours or days."""
        self.moment += timedelta(**duration)
