"""What an erase does to the rows of one browser."""

import secrets
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

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
from sitebell.services.webhooks.forgetting import forget_subscription

QUIET = {"synchronize_session": False}
HASH_BYTES = 32


def empty_browser(session: Session, subscription: Subscription, now: datetime) -> None:
    """Make a locked subscription a shell that nothing can be told from, and take away what hangs on it."""
    of_browser = Delivery.subscription_id == subscription.id
    _settle_deliveries(session, of_browser, "the subscription is erased", now)
    events = Event.subscription_id == subscription.id
    session.execute(delete(Event).where(events, Event.type.not_in(RECEIPT_EVENTS)), execution_options=QUIET)
    session.execute(update(Event).where(events).values(action=None, data=None), execution_options=QUIET)
    forget_subscription(session, subscription.id)
    for table in (SubscriptionTopic, Enrollment):
        session.execute(delete(table).where(table.subscription_id == subscription.id), execution_options=QUIET)
    _empty_row(subscription, now)
    session.flush()


def forget_stay(session: Session, stay: Enrollment, now: datetime) -> None:
    """Take one person out of a browser that somebody else uses now.

    What the site's own events said while the person was there goes too: nobody knows whose they were.
    """
    of_person = (Delivery.subscription_id == stay.subscription_id) & (Delivery.enrollment_id == stay.id)
    received = select(Delivery.message_id).where(of_person)
    of_browser = Event.subscription_id == stay.subscription_id
    answers = update(Event).where(of_browser, Event.message_id.in_(received)).values(action=None, data=None)
    session.execute(answers, execution_options=QUIET)
    meanwhile = Event.received_at.between(stay.created_at, stay.left_at or now)
    custom = delete(Event).where(of_browser, Event.type == EventType.CUSTOM, meanwhile)
    session.execute(custom, execution_options=QUIET)
    _settle_deliveries(session, of_person, "the person is erased", now)
    session.execute(delete(Enrollment).where(Enrollment.id == stay.id), execution_options=QUIET)


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
