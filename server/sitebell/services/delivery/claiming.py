"""Takes a batch for a worker and decides, then and again before each hundred, which deliveries may still go out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from sitebell import work_queue
from sitebell.db import QUIET
from sitebell.models import (
    OPEN_STATES,
    Batch,
    Delivery,
    DeliveryState,
    Message,
    MessageStatus,
    Subscription,
)
from sitebell.services.delivery.eligibility import Proof, obstacles_in, proof_for
from sitebell.services.delivery.planner import finish_message

CRASHES_UNTIL_SPLIT = 3
CRASHES_UNTIL_FAILED = 6  # of one delivery by itself: it may be the first at a worker that is killed again and again

# A web subscription has its keys: the table checks it.
JobRow = tuple[int, str, bytes, bytes, int, int, bool, str | None]


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery to make, with what the push engine needs; `worker` as the subscription has it."""

    subscription_id: int
    address: str
    p256dh: bytes
    auth: bytes
    vapid_key_id: int
    attempts: int
    accepted_before: bool
    worker: str | None


@dataclass(frozen=True)
class Claimed:
    """A leased batch, its message as it stood at the claim, the deliveries that are due, what proof they need."""

    batch: Batch
    message: Message
    jobs: list[Job]
    proof: Proof


def has_claimable(session: Session, now: datetime) -> bool:
    """Say whether a batch is due and free."""
    free = or_(Batch.lease_until.is_(None), Batch.lease_until <= now)
    return session.scalar(select(exists(select(Batch.id).where(Batch.due_at <= now, free, _may_go_on(now))))) or False


def claim_batch(session: Session, *, owner: str, now: datetime, lease: timedelta) -> Claimed | None:
    """Lease the batch that is due longest and settle what no longer may be sent.

    Deliveries of a cancelled, failed or expired message end here, and so do those whose subscription is no longer
    subscribed: `skipped`, with the reason. `jobs` may be empty; the batch is closed like any other.
    """
    batch = work_queue.claim(session, Batch, owner=owner, now=now, lease=lease, where=_may_go_on(now))
    if batch is None:
        return None
    message = session.get_one(Message, batch.message_id)
    if batch.crashes >= CRASHES_UNTIL_SPLIT:
        _isolate(session, batch, now)
    ended = _end_of(message, now)
    if ended is not None:
        _finish_open(session, batch, *ended, now)
    proof = proof_for(session, message)
    if ended is None:
        _skip_ineligible(session, batch, message, now, proof=proof)
    return Claimed(batch, message, _due_jobs(session, batch, now), proof)


def find_obstacles(session: Session, claimed: Claimed, first: Job) -> dict[int, str]:
    """Return why jobs of a batch, from this one on, may not go out any more, by subscription.

    What proof is needed was decided at the claim.
    """
    message, batch = claimed.message, claimed.batch
    return obstacles_in(session, message.site_id, batch.id, proof=claimed.proof, first=first.subscription_id)


def close_batch(session: Session, claimed: Claimed, now: datetime) -> bool:
    """Give the lease back: finished when no delivery is open, else due when the first of them is.

    What ended meanwhile is due at once, and nothing is due later than its message expires: no delivery stays open
    for longer than it could be sent. Returns False when the lease was lost; then nothing was changed.
    """
    message = session.get_one(Message, claimed.message.id, with_for_update=True, populate_existing=True)
    query = select(func.count(), func.min(func.coalesce(Delivery.due_at, now)))
    open_count, first = session.execute(query.where(*_open_rows(claimed.batch))).one()
    due_at = None
    if open_count:
        due_at = now if _end_of(message, now) else min(first, message.expires_at)
    if not work_queue.release(session, claimed.batch, due_at=due_at):
        return False
    if not open_count:
        finish_message(session, message, now)
    return True


def fail_message(session: Session, message: Message, reason: str, now: datetime) -> None:
    """End a message that cannot be sent, with the reason for its sender; its open deliveries fail."""
    message.status, message.status_reason, message.finished_at = MessageStatus.FAILED, reason[:500], now
    session.flush()
    end_deliveries(session, message, now)


def end_deliveries(session: Session, message: Message, now: datetime) -> None:
    """Make every open delivery of a message that was cancelled or failed due, so that the workers end it at once."""
    waiting = update(Batch).where(Batch.message_id == message.id, Batch.due_at > now)
    session.execute(waiting.values(due_at=now), execution_options=QUIET)


def _may_go_on(now: datetime) -> ColumnElement[bool]:
    """A paused message's batches wait, but only as long as there is something left to send."""
    not_held = or_(Message.status != MessageStatus.PAUSED, Message.expires_at <= now)
    return exists(select(Message.id).where(Message.id == Batch.message_id, not_held))


def _open_rows(batch: Batch) -> tuple[ColumnElement[bool], ...]:
    return (Delivery.batch_id == batch.id, Delivery.state.in_(OPEN_STATES))


def _end_of(message: Message, now: datetime) -> tuple[DeliveryState, str] | None:
    if message.status == MessageStatus.CANCELLED:
        return DeliveryState.CANCELLED, "the message was cancelled"
    if message.status == MessageStatus.FAILED:
        return DeliveryState.FAILED, message.status_reason
    if now >= message.expires_at:
        return DeliveryState.EXPIRED, "the time to live ran out before it could be sent"
    return None


def _finish_open(session: Session, batch: Batch, state: DeliveryState, reason: str, now: datetime) -> None:
    session.execute(
        update(Delivery).where(*_open_rows(batch)).values(state=state, reason=reason, finished_at=now),
        execution_options=QUIET,
    )


def _skip_ineligible(session: Session, batch: Batch, message: Message, now: datetime, *, proof: Proof) -> None:
    skipped: dict[str, list[int]] = {}
    for subscription_id, reason in obstacles_in(session, message.site_id, batch.id, proof=proof).items():
        skipped.setdefault(reason, []).append(subscription_id)
    skip = update(Delivery).values(state=DeliveryState.SKIPPED, finished_at=now)
    for reason, ids in skipped.items():
        ineligible = skip.where(*_open_rows(batch), Delivery.subscription_id.in_(ids)).values(reason=reason)
        session.execute(ineligible, execution_options=QUIET)
    if message.replace_key is not None:
        replaced = skip.where(*_open_rows(batch), _has_newer(message))
        session.execute(replaced.values(reason="replaced by a later message"), execution_options=QUIET)


def _has_newer(message: Message) -> ColumnElement[bool]:
    newer, other = aliased(Message), aliased(Delivery)
    return exists(
        select(newer.id)
        .join(other, and_(other.message_id == newer.id, other.subscription_id == Delivery.subscription_id))
        .where(
            newer.site_id == message.site_id,
            newer.replace_key == message.replace_key,
            or_(newer.send_at > message.send_at, and_(newer.send_at == message.send_at, newer.id > message.id)),
            newer.status.not_in((MessageStatus.CANCELLED, MessageStatus.FAILED)),
        )
    )


def _due_jobs(session: Session, batch: Batch, now: datetime) -> list[Job]:
    query = (
        select(
            Subscription.id,
            Subscription.address,
            Subscription.p256dh,
            Subscription.auth,
            Subscription.vapid_key_id,
            Delivery.attempts,
            Subscription.first_accepted_at.is_not(None),
            Subscription.worker,
        )
        .join(Delivery, Delivery.subscription_id == Subscription.id)
        .where(*_open_rows(batch), or_(Delivery.due_at.is_(None), Delivery.due_at <= now))
        .order_by(Subscription.id)
    )
    return [Job(*cast("JobRow", row)) for row in session.execute(query)]


def _isolate(session: Session, batch: Batch, now: datetime) -> None:
    """Halve a batch that keeps killing its worker, until the one delivery that does it is found (REL-18)."""
    ids = session.scalars(select(Delivery.subscription_id).where(*_open_rows(batch))).all()
    if len(ids) <= 1:
        if batch.crashes >= CRASHES_UNTIL_FAILED:
            _finish_open(session, batch, DeliveryState.FAILED, "its worker died every time it was sent", now)
        return
    # The guilty half splits again at its next crash; one delivery by itself gets every chance before it fails.
    batch.crashes = CRASHES_UNTIL_SPLIT - 1 if len(ids) > 3 else 0
    other = Batch(message_id=batch.message_id, due_at=now, crashes=batch.crashes)
    session.add(other)
    session.flush()
    moved = update(Delivery).where(*_open_rows(batch), Delivery.subscription_id.in_(sorted(ids)[len(ids) // 2 :]))
    session.execute(moved.values(batch_id=other.id), execution_options=QUIET)
