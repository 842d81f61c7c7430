"""Writes down what push services answered, and what follows for delivery and subscription (REL-05)."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, bindparam, select, update
from sqlalchemy.orm import Session

from sitebell import work_queue
from sitebell.db import QUIET
from sitebell.models import (
    Delivery,
    DeliveryState,
    Event,
    EventType,
    Message,
    MessageStatus,
    Subscription,
    SubscriptionStatus,
)
from sitebell.push.client import Outcome, OutcomeKind
from sitebell.services.delivery.claiming import Claimed, Job, fail_message
from sitebell.services.delivery.self_pause import loses_too_many
from sitebell.services.locks import lock_messages, lock_subscriptions
from sitebell.services.webhooks.telling import record_event

MAX_ATTEMPTS = 5
FIRST_BACKOFF = timedelta(minutes=1)
BACKOFF_FACTOR = 4

FINAL = {
    OutcomeKind.accepted: DeliveryState.ACCEPTED,
    OutcomeKind.gone: DeliveryState.GONE,
    OutcomeKind.invalid: DeliveryState.FAILED,
    OutcomeKind.redirected: DeliveryState.FAILED,
    OutcomeKind.too_large: DeliveryState.FAILED,
}
LIMITED_TRIES = (OutcomeKind.refused, OutcomeKind.unavailable)
LOSSES = (OutcomeKind.gone, OutcomeKind.refused)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one job: the push service's outcome, or None when it was not asked.

    Then the lane is closed until `not_before`, or the delivery may not go out any more (`skipped_for`, the reason).
    """

    job: Job
    outcome: Outcome | None
    not_before: datetime | None = None
    skipped_for: str | None = None


def lock_rows(session: Session, batches: Collection[tuple[Claimed, Sequence[Answer]]]) -> None:
    """Lock what settling these batches in one transaction writes, but for the deliveries, which come last."""
    told = [answer for _, answers in batches for answer in answers if _changes_subscription(answer)]
    if told:
        lock_subscriptions(session, Subscription.id.in_([answer.job.subscription_id for answer in told]))
    lock_messages(session, {claimed.message.id for claimed, _ in batches})


def settle(
    session: Session, claimed: Claimed, answers: Sequence[Answer], *, now: datetime, lease: timedelta
) -> MessageStatus | None:
    """Record answers, renew the lease, and return where the message now stands.

    Returns None when the lease was lost: another worker has the batch, and nothing was changed. The caller has called
    `lock_rows`.
    """
    if not work_queue.renew(session, claimed.batch, now=now, lease=lease, has_progressed=bool(answers)):
        return None
    if answers:
        in_order = sorted(answers, key=lambda answer: answer.job.subscription_id)
        rows = [_row(claimed.message, answer, now) for answer in in_order]
        _write_deliveries(session, rows)
        _write_subscriptions(session, answers, now)
    message = session.get_one(Message, claimed.message.id, with_for_update=True, populate_existing=True)
    _judge(session, message, [answer for answer in answers if answer.outcome is not None], now)
    session.flush()
    return MessageStatus(message.status)


def _row(message: Message, answer: Answer, now: datetime) -> dict[str, Any]:
    """Return the delivery's new values, under the names that the statement binds."""
    row: dict[str, Any] = {
        "the_message": message.id,
        "the_subscription": answer.job.subscription_id,
        "state": DeliveryState.RETRYING if answer.job.attempts else DeliveryState.PENDING,
        "attempts": answer.job.attempts,
        "due_at": answer.not_before,
        "http_status": None,
        "reason": "its push service is not taking messages at the moment",
        "finished_at": None,
    }
    outcome = answer.outcome
    if answer.skipped_for is not None:
        return row | {"state": DeliveryState.SKIPPED, "reason": answer.skipped_for, "finished_at": now}
    if outcome is None:
        return row
    if outcome.was_tried:
        row["attempts"] += 1
    row |= {"http_status": outcome.status, "reason": outcome.reason[:500]}
    if outcome.kind in FINAL:
        reason = "" if outcome.kind is OutcomeKind.accepted else row["reason"]
        return row | {"state": FINAL[outcome.kind], "due_at": None, "finished_at": now, "reason": reason}
    return row | _retry(message, outcome, row["attempts"], now)


def _retry(message: Message, outcome: Outcome, attempts: int, now: datetime) -> dict[str, Any]:
    if outcome.kind in LIMITED_TRIES and attempts >= MAX_ATTEMPTS:
        return {"state": DeliveryState.FAILED, "due_at": None, "finished_at": now}
    due_at = now + retry_delay(attempts, outcome.retry_after)
    if due_at >= message.expires_at:
        return {"state": DeliveryState.EXPIRED, "due_at": None, "finished_at": now}
    return {"state": DeliveryState.RETRYING, "due_at": due_at}


def retry_delay(attempts: int, retry_after: float | None) -> timedelta:
    """Return how long to wait after the nth attempt: what the service asked for, else back-off with full jitter."""
    if retry_after is not None:
        return timedelta(seconds=retry_after)
    longest = FIRST_BACKOFF * float(BACKOFF_FACTOR ** min(attempts - 1, MAX_ATTEMPTS))
    return timedelta(seconds=1) + longest * random.random()  # noqa: S311


def _write_deliveries(session: Session, rows: list[dict[str, Any]]) -> None:
    table = Delivery.__table__
    names = ("state", "attempts", "due_at", "http_status", "reason", "finished_at")
    statement = (
        update(Delivery)
        .where(
            table.c.message_id == bindparam("the_message"),
            table.c.subscription_id == bindparam("the_subscription"),
            table.c.finished_at.is_(None),
        )
        .values({name: bindparam(name) for name in names})
    )
    session.connection().execute(statement, rows)


def _write_subscriptions(session: Session, answers: Sequence[Answer], now: datetime) -> None:
    first = [answer.job.subscription_id for answer in answers if _is_first(answer)]
    gone = [answer for answer in answers if _kind(answer) is OutcomeKind.gone]
    if first:
        touched = update(Subscription).where(
            Subscription.id.in_(first),
            Subscription.first_accepted_at.is_(None),
            Subscription.status != SubscriptionStatus.ERASED,
        )
        session.execute(touched.values(first_accepted_at=now), execution_options=QUIET)
    for answer in gone:
        closed = update(Subscription).where(
            Subscription.id == answer.job.subscription_id,
            Subscription.address == answer.job.address,  # it may have been replaced while the request was under way
            Subscription.status == SubscriptionStatus.SUBSCRIBED,
        )
        reason = f"its push service answered {answer.outcome.status if answer.outcome else ''}"
        values = {"status": SubscriptionStatus.GONE, "status_reason": reason, "updated_at": now}
        if cast("CursorResult[Any]", session.execute(closed.values(values), execution_options=QUIET)).rowcount:
            _record_end(session, answer.job.subscription_id, now)


def _record_end(session: Session, subscription_id: int, now: datetime) -> None:
    site_id = session.scalars(select(Subscription.site_id).where(Subscription.id == subscription_id)).one()
    ended = EventType.UNSUBSCRIBED
    event = Event(site_id=site_id, subscription_id=subscription_id, type=ended, at=now, received_at=now)
    record_event(session, event)


def _changes_subscription(answer: Answer) -> bool:
    return _is_first(answer) or _kind(answer) is OutcomeKind.gone


def _is_first(answer: Answer) -> bool:
    return _kind(answer) is OutcomeKind.accepted and not answer.job.accepted_before


def _kind(answer: Answer) -> OutcomeKind | None:
    return answer.outcome.kind if answer.outcome is not None else None


def _judge(session: Session, message: Message, answers: Sequence[Answer], now: datetime) -> None:
    """Let the answers change the message itself: too large fails it, too many losses pause it."""
    known = [answer for answer in answers if answer.job.accepted_before]
    message.known_answers += len(known)
    message.known_losses += sum(_kind(answer) in LOSSES for answer in known)
    if message.status != MessageStatus.SENDING:
        return
    if any(_kind(answer) is OutcomeKind.too_large for answer in answers):
        fail_message(session, message, "a push service refused the notification as too large: shorten it", now)
    elif loses_too_many(message) and not message.losses_accepted:
        message.status = MessageStatus.PAUSED
        message.status_reason = (
            f"{message.known_losses} of {message.known_answers} answers from subscriptions that worked before say gone"
            " or refused: check the site's VAPID key and the clock, then resume"
        )
