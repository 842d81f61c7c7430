"""What an erase does to the rows of browsers: one statement for each table and portion of them."""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, exists, func, update
from sqlalchemy.orm import Session

from sitebell.db import QUIET
from sitebell.models import (
    OPEN_STATES,
    Delivery,
    DeliveryState,
    Enrollment,
    Event,
    EventType,
    Subscription,
    SubscriptionStatus,
    SubscriptionTopic,
)
from sitebell.services.events import RECEIPT_EVENTS
from sitebell.services.webhooks.forgetting import forget_subscriptions

HASH_BYTES = 32
PORTION = 500  # a statement names no more rows than this
Row = TypeVar("Row")


def portions(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield all rows, as many at once as one statement names."""
    for place in range(0, len(rows), PORTION):
        yield rows[place : place + PORTION]


def empty_browsers(session: Session, subscriptions: Sequence[Subscription], now: datetime) -> None:
    """Make locked subscriptions shells that nothing can be told from, and take away what hangs on them."""
    for rows in portions(subscriptions):
        ids = [row.id for row in rows]
        _settle_deliveries(session, Delivery.subscription_id.in_(ids), "the subscription is erased", now)
        events = Event.subscription_id.in_(ids)
        session.execute(delete(Event).where(events, Event.type.not_in(RECEIPT_EVENTS)), execution_options=QUIET)
        session.execute(update(Event).where(events).values(action=None, data=None), execution_options=QUIET)
        forget_subscriptions(session, ids)
        for table in (SubscriptionTopic, Enrollment):
            session.execute(delete(table).where(table.subscription_id.in_(ids)), execution_options=QUIET)
        for row in rows:
            _empty_row(row, now)
        session.flush()


def forget_stays(session: Session, stays: Sequence[Enrollment], now: datetime) -> None:
    """Take one person out of browsers that somebody else uses now.

    What the site's own events said while the person was there goes too: nobody knows whose they were.
    """
    for rows in portions(stays):
        ids = [stay.id for stay in rows]
        browsers = [stay.subscription_id for stay in rows]
        of_person = Delivery.subscription_id.in_(browsers) & Delivery.enrollment_id.in_(ids)
        received = (Delivery.message_id == Event.message_id) & (Delivery.subscription_id == Event.subscription_id)
        of_browsers = Event.subscription_id.in_(browsers)
        custom = delete(Event).where(of_browsers, Event.type == EventType.CUSTOM, _while_there(ids, now))
        session.execute(custom, execution_options=QUIET)
        answers = update(Event).where(of_browsers, exists().where(received, of_person))
        session.execute(answers.values(action=None, data=None), execution_options=QUIET)
        _settle_deliveries(session, of_person, "the person is erased", now)
        session.execute(delete(Enrollment).where(Enrollment.id.in_(ids)), execution_options=QUIET)


def _while_there(stay_ids: Sequence[int], now: datetime) -> ColumnElement[bool]:
    """Say of an event that it came while one of these stays lasted."""
    lasted = Event.received_at.between(Enrollment.created_at, func.coalesce(Enrollment.left_at, now))
    at_browser = Enrollment.subscription_id == Event.subscription_id
    return exists().where(Enrollment.id.in_(stay_ids), at_browser, lasted)


def _settle_deliveries(session: Session, which: ColumnElement[bool], reason: str, now: datetime) -> None:
    """End what is not out yet, and let nothing say any more for whom it was and why it came so."""
    told = update(Delivery).where(which, Delivery.state.not_in(OPEN_STATES)).values(reason="", enrollment_id=None)
    ended = {"state": DeliveryState.SKIPPED, "reason": reason, "finished_at": now, "due_at": None}
    open_ones = update(Delivery).where(which, Delivery.state.in_(OPEN_STATES)).values(enrollment_id=None, **ended)
    for statement in (told, open_ones):
        session.execute(statement, execution_options=QUIET)


def _empty_row(row: Subscription, now: datetime) -> None:
    row.channel = row.provider = SubscriptionStatus.ERASED
    row.address, row.address_hash = "", secrets.token_bytes(HASH_BYTES)
    row.p256dh = row.auth = row.vapid_key_id = None
    row.subscriber_hash = secrets.token_hex(16)
    row.status, row.status_reason = SubscriptionStatus.ERASED, ""
    row.locale = row.time_zone = row.browser = row.platform = row.country = None
    row.updated_at = row.seen_at = now
    row.clicked_at = row.first_accepted_at = None
