"""The numbers that an operator watches; each query runs on an index and costs what is going on, not what is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from sitebell.models import (
    Batch,
    CallState,
    Delivery,
    DeliveryState,
    Message,
    MessageStatus,
    Webhook,
    WebhookCall,
    WebhookEvent,
    WorkerHeartbeat,
)
from sitebell.services.heartbeats import SILENCE

RECENT = timedelta(hours=1)


@dataclass(frozen=True)
class Backlog:
    """What webhooks are still to be told: calls that are due, events that are in no call yet, the age of the oldest."""

    due_calls: int
    waiting_events: int
    oldest_age: timedelta


def count_messages(session: Session) -> dict[str, int]:
    """Return how many messages stand where."""
    rows = session.execute(select(Message.status, func.count()).group_by(Message.status)).all()
    return {status.value: 0 for status in MessageStatus} | {row[0]: row[1] for row in rows}


def count_recent_deliveries(session: Session, now: datetime) -> dict[str, int]:
    """Return how many deliveries stand where, of the messages that were due within the last hour."""
    recent = select(Message.id).where(
        Message.status.in_(list(MessageStatus)), Message.send_at > now - RECENT, Message.send_at <= now
    )
    query = select(Delivery.state, func.count()).where(Delivery.message_id.in_(recent)).group_by(Delivery.state)
    return {state.value: 0 for state in DeliveryState} | {row[0]: row[1] for row in session.execute(query)}


def oldest_due_age(session: Session, now: datetime) -> timedelta:
    """Return for how long the oldest piece of due work has waited for a worker: the one number to alarm on (REL-19).

    Work is a batch that nobody holds, or a message whose time has come and that nobody has begun to plan.
    """
    paused = exists(select(Message.id).where(Message.id == Batch.message_id, Message.status == MessageStatus.PAUSED))
    free = or_(Batch.lease_until.is_(None), Batch.lease_until <= now)
    batch = session.scalar(select(func.min(Batch.due_at)).where(Batch.due_at <= now, free, ~paused))
    scheduled = (Message.status == MessageStatus.SCHEDULED, Message.send_at <= now)
    message = session.scalar(select(func.min(Message.send_at)).where(*scheduled))
    return now - min((moment for moment in (batch, message) if moment is not None), default=now)


def webhook_backlog(session: Session, now: datetime) -> Backlog:
    """Return what is still to be told to the webhooks that are on.

    Its age counts from what happened, not from the next attempt: a receiver that fails makes it grow.
    """
    is_open = (WebhookCall.webhook_id == Webhook.id, WebhookCall.state.in_((CallState.PENDING, CallState.RETRYING)))
    due = select(func.count(WebhookCall.id)).where(*is_open, WebhookCall.due_at <= now)
    oldest = select(func.min(WebhookCall.created_at)).where(*is_open)
    waits = WebhookEvent.webhook_id == Webhook.id
    waiting = select(func.count(WebhookEvent.id)).where(waits)
    first = select(WebhookEvent.created_at).where(waits).order_by(WebhookEvent.id).limit(1)
    parts = [query.correlate(Webhook).scalar_subquery() for query in (due, waiting, oldest, first)]
    rows = session.execute(select(*parts).where(Webhook.is_enabled)).all()
    moments = [moment for row in rows for moment in row[2:] if moment is not None]
    return Backlog(sum(row[0] for row in rows), sum(row[1] for row in rows), now - min(moments, default=now))


def count_living_workers(session: Session, now: datetime) -> int:
    """Return how many workers were seen within the last 30 seconds."""
    recent = WorkerHeartbeat.seen_at.between(now - SILENCE, now + SILENCE)
    return session.scalar(select(func.count()).select_from(WorkerHeartbeat).where(recent)) or 0
