"""What stands behind the ? of PushEngage's lists and reports."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sitebell.compat.pushengage.notifications import STATUSES
from sitebell.errors import Invalid
from sitebell.models import MessageStatus, Site
from sitebell.services.messages.lists import LARGEST_PAGE, Wanted
from sitebell.services.statistics import Span
from sitebell.web.query import LIMIT, parameter, read_limit, read_query

Word = TypeVar("Word")
FURTHEST = 999_999
DAY_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
LISTING = [
    parameter("status", "Which ones.", type="string", enum=list(STATUSES)),
    parameter("notification_id", "One alone."),
    parameter(LIMIT, "How many at most.", type="integer", minimum=1, maximum=LARGEST_PAGE, default=50),
    parameter("offset", "How many to leave out.", type="integer", minimum=0, maximum=FURTHEST, default=0),
    parameter("start_date", "Sent on this day or later, by the site's clock.", type="string", pattern=DAY_PATTERN),
    parameter("end_date", "Sent on this day or before.", type="string", pattern=DAY_PATTERN),
]
SUMMARY = [
    parameter("from", "The first day.", type="string", pattern=DAY_PATTERN) | {"required": True},
    parameter("to", "The last day, at most 366 with the first.", type="string", pattern=DAY_PATTERN)
    | {"required": True},
    parameter("group_by", "What a row is about.", type="string", enum=list(Span)) | {"required": True},
]


def read_listing(site: Site) -> tuple[Wanted, int, int]:
    """Return which messages are wanted, how many at most, and how many to leave out.

    Raises:
        Invalid: `invalid`.
    """
    query = read_query(*(found["name"] for found in LISTING))
    statuses = _choose("status", query["status"], STATUSES) if "status" in query else tuple(MessageStatus)
    since = _midnight(site, _day(query, "start_date")) if "start_date" in query else None
    until = _midnight(site, _day(query, "end_date") + timedelta(days=1)) if "end_date" in query else None
    wanted = Wanted(statuses=statuses, public_id=query.get("notification_id"), since=since, until=until)
    return wanted, read_limit(query, LARGEST_PAGE), _offset(query.get("offset", "0"))


def read_period() -> tuple[date, date, Span]:
    """Return the first day, the last day and the span of a row.

    Raises:
        Invalid: `invalid`, also when one of them is missing.
    """
    query = read_query(*(found["name"] for found in SUMMARY))
    spans = {span.value: span for span in Span}
    return _day(query, "from"), _day(query, "to"), _choose("group_by", query.get("group_by", ""), spans)


def _day(query: Mapping[str, str], name: str) -> date:
    try:
        day = datetime.strptime(query.get(name, ""), "%Y-%m-%d").date()  # noqa: DTZ007  (a day by the site's clock)
    except ValueError:
        day = date.min
    if not 1970 <= day.year <= 9000:
        raise _refuse(name, "Write a day as YYYY-MM-DD.")
    return day


def _midnight(site: Site, day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(site.time_zone))


def _offset(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= len(str(FURTHEST))):
        raise _refuse("offset", f"Write a whole number from 0 to {FURTHEST}.")
    return int(written)


def _choose(name: str, written: str, choices: Mapping[str, Word]) -> Word:
    if written not in choices:
        raise _refuse(name, f"Write one of {', '.join(choices)}.")
    return choices[written]


def _refuse(name: str, sentence: str) -> Invalid:
    return Invalid("invalid", f"{name}: {sentence}", {name: sentence})
