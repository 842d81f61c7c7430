"""What became of a site's visitors and messages over time, added up by the database for spans of days."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, ColumnElement, Select, and_, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from sitebell.db import UtcDateTime
from sitebell.errors import Invalid
from sitebell.models import Delivery, DeliveryState, Event, EventType, Message, MessageStatus, Site, Subscription

MOST_DAYS = 366
MOBILE = ("Android", "iOS")  # as services/visitors/user_agents.py names them
GOING_OUT = (MessageStatus.SENDING, MessageStatus.PAUSED, MessageStatus.SENT)
JOINED_OR_LEFT = (EventType.SUBSCRIBED, EventType.UNSUBSCRIBED)


class Span(StrEnum):
    """What one row of a summary is about; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass
class Growth:
    """Browsers that subscribed, or left, in one span."""

    all: int = 0
    mobile: int = 0

    @property
    def desktop(self) -> int:
        """Those that were not on a telephone or tablet, or of which that is not known."""
        return self.all - self.mobile


@dataclass
class Row:
    """One span, named by its first day in the site's time zone.

    `messages` are those that went out in the span; `accepted`, `shown` and `clicked` count their deliveries, whenever
    that was.
    """

    first_day: date
    subscribed: Growth = field(default_factory=Growth)
    unsubscribed: Growth = field(default_factory=Growth)
    messages: int = 0
    accepted: int = 0
    shown: int = 0
    clicked: int = 0

    @property
    def click_rate(self) -> float:
        """Clicks for each hundred views, 0 where nothing was seen."""
        return round(100 * self.clicked / self.shown, 2) if self.shown else 0.0


def summarise(session: Session, site: Site, first: date, last: date, by: Span) -> Sequence[Row]:
    """Return a row for each span from the first day to the last, in the site's time zone.

    Events are kept for the site's retention time, so nobody is seen to come or go before that; what became of messages
    is kept for good.

    Raises:
        Invalid: `invalid_period`, it ends before it begins, or is longer than 366 days.
    """
    days = (last - first).days + 1
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("invalid_period", f"A period has 1 to {MOST_DAYS} days and ends after it begins.")
    starts = _starts(first, last, by)
    spans = _spans([*starts, last + timedelta(days=1)], ZoneInfo(site.time_zone))
    rows = [Row(day) for day in starts]
    for number, kind, count, mobile in session.execute(_growth(site, spans)):
        growth = rows[number].subscribed if kind == EventType.SUBSCRIBED else rows[number].unsubscribed
        growth.all, growth.mobile = count, mobile
    for query in (_counted(site, spans), _pruned(site, spans)):
        for number, *counts in session.execute(query):
            _add(rows[number], [count or 0 for count in counts])
    return rows


def _starts(first: date, last: date, by: Span) -> list[date]:
    """Return the first day of each span; the first span may have begun before the period."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [day for day in days if day == first or _begins(day, by)]


def _begins(day: date, by: Span) -> bool:
    if by is Span.WEEK:
        return day.weekday() == 0
    return by is Span.DAY or day.day == 1


def _spans(days: Sequence[date], zone: ZoneInfo) -> CTE:
    """Return the spans between these days as a table of the query: number, begin and end."""
    edges = [datetime.combine(day, time(), zone) for day in days]
    rows = [
        select(
            literal(number).label("number"),
            literal(begin, UtcDateTime).label("begin"),
            literal(end, UtcDateTime).label("end"),
        )
        for number, (begin, end) in enumerate(pairwise(edges))
    ]
    return union_all(*rows).cte("span")


def _growth(site: Site, spans: CTE) -> Select[int, str, int, int]:
    in_span = and_(Event.site_id == site.id, Event.received_at >= spans.c.begin, Event.received_at < spans.c.end)
    mobile = func.sum(case((Subscription.platform.in_(MOBILE), 1), else_=0))
    return (
        select(spans.c.number, Event.type, func.count(), mobile)
        .join_from(spans, Event, in_span)
        .join(Subscription, Subscription.id == Event.subscription_id)
        .where(Event.type.in_(JOINED_OR_LEFT), Subscription.channel == "web")
        .group_by(spans.c.number, Event.type)
    )


def _counted(site: Site, spans: CTE) -> Select[int, int, int, int, int]:
    """Add up the messages whose deliveries are still there."""
    accepted = func.sum(case((Delivery.state == DeliveryState.ACCEPTED, 1), else_=0))
    return (
        select(
            spans.c.number,
            func.count(Message.id.distinct()),
            accepted,
            func.count(Delivery.shown_at),
            func.count(Delivery.clicked_at),
        )
        .join_from(spans, Message, _went_out(site, spans))
        .outerjoin(Delivery, Delivery.message_id == Message.id)
        .where(Message.final_counts.is_(None))
        .group_by(spans.c.number)
    )


def _pruned(site: Site, spans: CTE) -> Select[int, int, int, int, int]:
    """Add up the counts that stayed of messages whose deliveries were pruned."""
    kept = [func.sum(Message.final_counts[name].as_integer()) for name in ("accepted", "shown", "clicked")]
    return (
        select(spans.c.number, func.count(Message.id), *kept)
        .join_from(spans, Message, _went_out(site, spans))
        .where(Message.final_counts.is_not(None))
        .group_by(spans.c.number)
    )


def _went_out(site: Site, spans: CTE) -> ColumnElement[bool]:
    in_span = and_(Message.send_at >= spans.c.begin, Message.send_at < spans.c.end)
    return and_(Message.site_id == site.id, Message.status.in_(GOING_OUT), in_span)


def _add(row: Row, counts: Sequence[int]) -> None:
    row.messages += counts[0]
    row.accepted += counts[1]
    row.shown += counts[2]
    row.clicked += counts[3]
