"""Takes out of what webhooks were or will be told what must not be kept: the erased, and what is old."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from sitebell.models import (
    CallState,
    Enrollment,
    Profile,
    Webhook,
    WebhookCall,
    WebhookCallSubscription,
    WebhookEvent,
)
from sitebell.services.webhooks.calls import LONGEST_WAIT

KEPT_FOR = timedelta(days=30)
ROWS_PER_STEP = 1000
NOT_TAKEN_FOR = timedelta(days=1)

Entry = dict[str, Any]  # of the body of a call


def forget_subscriptions(session: Session, subscription_ids: Collection[int]) -> None:
    """Take everything that speaks of these subscriptions out of what waits and out of the log."""
    gone = set(subscription_ids)
    for row in _lock_waiting(session, gone):
        session.delete(row)
    _rewrite(session, gone, lambda entry: None if entry["subscription_id"] in gone else entry)
    is_about = WebhookCallSubscription.subscription_id.in_(gone)
    session.execute(delete(WebhookCallSubscription).where(is_about))


def forget_profile(session: Session, profile: Profile) -> None:
    """Take a person, and what the person chose, out of what waits and out of the log; the browsers' events stay.

    Call it before the profile's enrollments go: they tell at which browsers it stands or stood.
    """
    _replace_profile(session, profile, [])


def merge_profile(session: Session, source: Profile, target: Profile) -> None:
    """Let what waits and what the log holds speak of `target` instead, so that an erase of it finds everything.

    Call it before the enrollments of `source` move.
    """
    external_id = target.external_id or source.external_id
    shown = {"database_id": target.database_id, "profile_id": target.public_id, "external_id": external_id}
    _replace_profile(session, source, [shown])


def prune(session: Session, now: datetime) -> bool:
    """Delete a bounded number of old calls and of events that nobody took; True when there were any."""
    oldest = session.execute(select(WebhookEvent).order_by(WebhookEvent.id).limit(ROWS_PER_STEP)).scalars().all()
    known = set(session.scalars(select(Webhook.id)))
    stale = [row.id for row in oldest if row.created_at < now - LONGEST_WAIT or row.webhook_id not in known]
    session.execute(delete(WebhookEvent).where(WebhookEvent.id.in_(stale)))
    old_calls = select(WebhookCall.id).where(WebhookCall.created_at < now - KEPT_FOR, WebhookCall.due_at.is_(None))
    ids = session.scalars(old_calls.limit(ROWS_PER_STEP)).all()
    delete_calls(session, WebhookCall.id.in_(ids))
    untaken = (WebhookCall.due_at < now - NOT_TAKEN_FOR, WebhookCall.created_at < now - LONGEST_WAIT)
    values = {"state": CallState.FAILED, "due_at": None, "finished_at": now, "reason": "the webhook was off"}
    session.execute(update(WebhookCall).where(*untaken).values(values))
    return bool(ids or stale)


def delete_calls(session: Session, where: ColumnElement[bool]) -> None:
    """Delete calls, and what an erase would find them by."""
    ids = select(WebhookCall.id).where(where)
    session.execute(delete(WebhookCallSubscription).where(WebhookCallSubscription.call_id.in_(ids)))
    session.execute(delete(WebhookCall).where(where))


def _rewrite(session: Session, subscription_ids: Iterable[int], change: Callable[[Entry], Entry | None]) -> None:
    """Change or drop the entries of every call that speaks of these; one that is left empty is not made any more."""
    about = select(WebhookCallSubscription.call_id).where(
        WebhookCallSubscription.subscription_id.in_(list(subscription_ids))
    )
    calls = select(WebhookCall).where(WebhookCall.id.in_(about)).order_by(WebhookCall.id).with_for_update()
    for call in session.scalars(calls, execution_options={"populate_existing": True}):
        call.body = [entry for entry in map(change, call.body) if entry is not None]
        if not call.body and call.due_at is not None:
            call.due_at = None
            call.state = CallState.ERASED


def _lock_waiting(session: Session, subscription_ids: Collection[int]) -> Sequence[WebhookEvent]:
    """Return what waits to be told of subscriptions; a worker that makes calls of it meanwhile is waited for.

    What it took along is found in its calls then. The rows are locked as the worker does, by webhook and id.
    """
    query = select(WebhookEvent).where(WebhookEvent.subscription_id.in_(subscription_ids))
    return session.scalars(query.order_by(WebhookEvent.webhook_id, WebhookEvent.id).with_for_update()).all()


def _replace_profile(session: Session, profile: Profile, others: list[dict[str, Any]]) -> None:
    query = select(Enrollment.subscription_id).where(Enrollment.profile_id == profile.id).distinct()
    ids = session.scalars(query).all()

    def replaced(event: dict[str, Any]) -> dict[str, Any]:
        told = event.get("profiles", [])
        kept = [one for one in told if one["profile_id"] != profile.public_id]
        if len(kept) == len(told):
            return event
        said = event if others else {name: value for name, value in event.items() if name != "action"}
        return said | {"profiles": kept + others}

    for row in _lock_waiting(session, ids):
        row.body = replaced(row.body)
    _rewrite(session, ids, lambda entry: entry | {"event": replaced(entry["event"])})
