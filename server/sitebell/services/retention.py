"""Forgets events and deliveries when their site's retention time is over; the counts of a message stay."""

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from sitebell.models import (
    Batch,
    Delivery,
    Event,
    IdempotencyKey,
    Installation,
    Message,
    Site,
    UsedToken,
    WorkerHeartbeat,
)
from sitebell.services.erased_names import prune_erased_names
from sitebell.services.limits import prune_buckets
from sitebell.services.messages.lifecycle import FINISHED, count_deliveries
from sitebell.services.tags import prune_tags
from sitebell.services.webhooks import forgetting as webhooks

INTERVAL = timedelta(hours=1)
IDEMPOTENCY_LIFETIME = timedelta(days=7)
WORKER_MEMORY = timedelta(days=1)
ROWS_PER_STEP = 1000


def is_due(session: Session, now: datetime) -> bool:
    """Say whether an hour has passed since retention last ran to its end."""
    pruned_at = session.get_one(Installation, 1).pruned_at
    return pruned_at is None or pruned_at <= now - INTERVAL


def prune_step(session: Session, now: datetime) -> bool:
    """Delete a bounded number of old rows; True when nothing old was left.

    Many short steps keep the write lock free for those who send.
    """
    if any(_prune_site(session, site, now) for site in session.scalars(select(Site))):
        return False
    if webhooks.prune(session, now) or prune_tags(session, now):
        return False
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - IDEMPOTENCY_LIFETIME))
    session.execute(delete(WorkerHeartbeat).where(WorkerHeartbeat.seen_at < now - WORKER_MEMORY))
    session.execute(delete(UsedToken).where(UsedToken.expires_at < now))
    prune_erased_names(session, now)
    prune_buckets(session, now)
    session.get_one(Installation, 1).pruned_at = now
    return True


def _prune_site(session: Session, site: Site, now: datetime) -> bool:
    before = now - timedelta(days=site.retention_days)
    old = select(Event.id).where(Event.site_id == site.id, Event.received_at < before).limit(ROWS_PER_STEP)
    ids = session.scalars(old).all()
    if ids:
        session.execute(delete(Event).where(Event.id.in_(ids)))
        return True
    return _prune_deliveries(session, site, before)


def _prune_deliveries(session: Session, site: Site, before: datetime) -> bool:
    has_deliveries = exists(select(Delivery.message_id).where(Delivery.message_id == Message.id))
    finished = Message.status.in_(FINISHED) & (Message.finished_at < before)
    query = select(Message).where(Message.site_id == site.id, finished, has_deliveries).limit(1)
    message = session.scalars(query).one_or_none()
    if message is None:
        return False
    if message.final_counts is None:
        message.final_counts = count_deliveries(session, message)
        session.flush()
    batch = select(Delivery.subscription_id).where(Delivery.message_id == message.id).limit(ROWS_PER_STEP)
    ids = session.scalars(batch).all()
    session.execute(delete(Delivery).where(Delivery.message_id == message.id, Delivery.subscription_id.in_(ids)))
    if not session.scalar(select(has_deliveries).where(Message.id == message.id)):
        session.execute(delete(Batch).where(Batch.message_id == message.id))
    return True
