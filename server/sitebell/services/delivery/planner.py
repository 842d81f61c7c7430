"""Turns due messages into deliveries and batches, a few batches ahead of the workers."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, and_, exists, func, insert, or_, select
from sqlalchemy.orm import Session

from sitebell.models import Batch, Delivery, DeliveryState, Message, MessageStatus
from sitebell.services.audiences import Recipient, last_subscription_id, next_page
from sitebell.services.binding.enrollments import resume_some

BATCH_SIZE = 500
BATCHES_AHEAD = 8


def has_plannable(session: Session, now: datetime) -> bool:
    """Say whether a message is due whose audience is not planned far enough."""
    return session.scalar(select(exists(_plannable(now)))) or False


def plan_batch(session: Session, now: datetime) -> bool:
    """Write the next batch of the message that is due longest; False when none is due.

    The place reached is kept in the same transaction as the rows, so a killed planner repeats nothing. Pauses that are
    over end before, in rounds of their own when they are many, or the message would pass their visitors by.
    """
    if resume_some(session, now):
        return True
    message = session.scalars(_plannable(now).limit(1).with_for_update(skip_locked=True)).first()
    if message is None:
        return False
    message.status = MessageStatus.SENDING
    if message.planned_until is None:
        message.planned_until = last_subscription_id(session, message.site_id)
    page = next_page(session, message, BATCH_SIZE)
    if page.recipients:
        _write_batch(session, message, page.recipients, now)
    message.planned_through, message.is_planned = page.through, page.is_last
    session.flush()
    finish_message(session, message, now)
    return True


def finish_message(session: Session, message: Message, now: datetime) -> None:
    """Mark a message as sent when its audience is planned and no batch of it is left.

    The caller has locked the message's row, so the last two batches cannot miss each other.
    """
    if not message.is_planned or message.status not in (MessageStatus.SENDING, MessageStatus.PAUSED):
        return
    open_batches = select(Batch.id).where(Batch.message_id == message.id, Batch.due_at.is_not(None))
    if not session.scalar(select(exists(open_batches))):
        message.status, message.status_reason, message.finished_at = MessageStatus.SENT, "", now


def _plannable(now: datetime) -> Select[Message]:
    """The message with the fewest batches ready comes first, so that a large one holds up no other.

    Of two without any it is the one that has come less far: the search for a rare match must not keep others waiting.
    Batches that wait for a retry or a closed lane are not ready: they must not hold up the rest of their own message.
    """
    ready = (Batch.message_id == Message.id, Batch.due_at <= now)
    ahead = select(func.count()).select_from(Batch).where(*ready).scalar_subquery()
    running = Message.status.in_((MessageStatus.SCHEDULED, MessageStatus.SENDING))
    due = or_(running, and_(Message.status == MessageStatus.PAUSED, Message.expires_at <= now))
    query = select(Message).where(due, Message.send_at <= now, Message.is_planned.is_(False), ahead < BATCHES_AHEAD)
    return query.order_by(ahead, Message.planned_through, Message.send_at, Message.id)


def _write_batch(session: Session, message: Message, recipients: Sequence[Recipient], now: datetime) -> None:
    batch = Batch(message_id=message.id, due_at=now)
    session.add(batch)
    session.flush()
    session.execute(
        insert(Delivery),
        [
            {
                "message_id": message.id,
                "subscription_id": recipient.subscription_id,
                "enrollment_id": recipient.enrollment_id,
                "batch_id": batch.id,
                "state": DeliveryState.PENDING,
            }
            for recipient in recipients
        ],
    )
