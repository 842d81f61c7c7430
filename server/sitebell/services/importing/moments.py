"""Moments as files write them."""

from datetime import UTC, datetime


def read_moment(written: str) -> datetime:
    """Return an ISO 8601 moment in UTC; one without a zone is UTC already.

    Raises:
        ValueError: it is none, or in UTC it is before the year 1 or after 9999.
    """
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{written} is no moment in UTC") from error
