"""Makes calls of the events that wait, hands them to a worker, and writes down what became of them."""

import json
import random
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from sitebell import work_queue
from sitebell.errors import SitebellError
from sitebell.models import CallState, Webhook, WebhookCall, WebhookCallSubscription, WebhookEvent
from sitebell.push.exchange import Outcome, OutcomeKind
from sitebell.services.vault import Vault
from sitebell.services.webhooks.signing import open_secrets, sign
from sitebell.services.webhooks.telling import show_moment
from sitebell.services.webhooks.urls import parse_webhook_url

EVENTS_PER_CALL = 100
CALLS_PER_STEP = 10
UNTRIED_CALLS = 10  # … of one webhook at most; further events wait, which costs less than calls that wait
SOUND_FOR = timedelta(minutes=5)  # after so long without success new calls only probe, once in as long

BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 600, 840, 1200))
JITTER = 0.2
LONGEST_WAIT = timedelta(days=3)
DISABLED_AFTER = timedelta(days=5)
GONE = 410


@dataclass(frozen=True)
class Claimed:
    """A leased call, and where it goes with what."""

    call: WebhookCall
    url: str
    headers: tuple[str, ...]
    body: bytes


def has_due_calls(session: Session, now: datetime) -> bool:
    """Say whether a call is due and free."""
    free = or_(WebhookCall.lease_until.is_(None), WebhookCall.lease_until <= now)
    due = exists(select(WebhookCall.id).where(WebhookCall.due_at <= now, free, _is_enabled()))
    return session.scalar(select(due)) or False


def has_waiting_events(session: Session, now: datetime) -> bool:
    """Say whether events wait that may become a call now."""
    return session.scalar(select(exists(_listening(now)))) or False


def form_calls(session: Session, now: datetime) -> None:
    """Turn events that wait into calls, oldest first, at most a hundred to a call and ten calls to a webhook.

    Another worker that does the same at this moment is not waited for.
    """
    listening = _listening(now).order_by(Webhook.id).with_for_update(skip_locked=True, key_share=True)
    for webhook in session.scalars(listening).all():
        for _ in range(CALLS_PER_STEP if _is_sound(webhook, now) else 1):
            query = select(WebhookEvent).where(WebhookEvent.webhook_id == webhook.id).order_by(WebhookEvent.id)
            query = query.limit(EVENTS_PER_CALL).with_for_update()  # or an erase meanwhile would miss what is moved
            events = session.scalars(query).all()
            if not events:
                break
            entries = [{"subscription_id": one.subscription_id, "event": {"profiles": []} | one.body} for one in events]
            add_call(session, webhook, entries, now)
            session.execute(delete(WebhookEvent).where(WebhookEvent.id.in_([one.id for one in events])))


def add_call(session: Session, webhook: Webhook, entries: list[dict[str, Any]], now: datetime) -> WebhookCall:
    """Store a call that is due at once, and which subscriptions it speaks of."""
    public_id = f"msg_{secrets.token_hex(12)}"
    call = WebhookCall(webhook_id=webhook.id, public_id=public_id, body=entries, created_at=now, due_at=now)
    session.add(call)
    session.flush()
    for subscription_id in {entry["subscription_id"] for entry in entries} - {None}:
        session.add(WebhookCallSubscription(subscription_id=subscription_id, call_id=call.id))
    session.flush()
    return call


def claim_call(
    session: Session, vault: Vault, *, owner: str, now: datetime, lease: timedelta, busy: Iterable[int]
) -> Claimed | None:
    """Lease the call that is due longest, of a webhook that is not among the `busy`; None when there is none.

    A call that cannot be sent as it stands counts as a failed attempt, and the next one is taken.
    """
    where = and_(_is_enabled(), WebhookCall.webhook_id.not_in(list(busy)))
    while call := work_queue.claim(session, WebhookCall, owner=owner, now=now, lease=lease, where=where):
        webhook = session.get_one(Webhook, call.webhook_id)
        try:
            return _prepare(vault, webhook, call, now)
        except SitebellError as error:
            settle_call(session, call, Outcome(OutcomeKind.invalid, reason=error.message), now)
    return None


def settle_call(session: Session, call: WebhookCall, outcome: Outcome, now: datetime) -> bool:
    """Write down what became of a call; False when its lease was lost, and then nothing was changed."""
    webhook = session.get(Webhook, call.webhook_id, with_for_update=True, populate_existing=True)
    known = select(WebhookCall).where(WebhookCall.id == call.id, WebhookCall.lease_token == call.lease_token)
    row = session.scalars(known.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if webhook is None or row is None:
        return False
    if outcome.was_tried:
        row.attempts += 1
    row.http_status, row.reason = outcome.status, _explain(outcome)
    if outcome.kind is OutcomeKind.accepted:
        row.state, row.reason, row.due_at = CallState.DELIVERED, "", None
        webhook.failing_since = None
    else:
        _retry_or_fail(webhook, row, outcome, now)
    row.finished_at = now if row.due_at is None else None
    session.flush()
    return work_queue.release(session, row, due_at=row.due_at)


def _retry_or_fail(webhook: Webhook, call: WebhookCall, outcome: Outcome, now: datetime) -> None:
    webhook.failing_since = webhook.failing_since or now
    call.due_at = None
    if outcome.status != GONE:
        call.due_at = _next_try(call, outcome, now)
    if not call.body:
        call.state, call.due_at = CallState.ERASED, None
    elif call.due_at is not None:
        call.state = CallState.RETRYING
    else:
        call.state = CallState.FAILED
        _disable_if_hopeless(webhook, outcome, now)


def _next_try(call: WebhookCall, outcome: Outcome, now: datetime) -> datetime | None:
    """Return when to try again: what the receiver asked for or the back-off, whichever is longer; None for never."""
    asked = timedelta(seconds=outcome.retry_after or 0)
    if not outcome.was_tried:
        return now + asked
    if call.attempts > len(BACKOFF):
        return None
    wait = BACKOFF[call.attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    due_at = now + max(wait, asked)
    return due_at if due_at <= call.created_at + LONGEST_WAIT else None


def _disable_if_hopeless(webhook: Webhook, outcome: Outcome, now: datetime) -> None:
    """Switch off a webhook whose receiver said so, or which failed for days and has just given a call up (SEC-07)."""
    failing_for = now - (webhook.failing_since or now)
    if outcome.status == GONE:
        webhook.is_enabled, webhook.disabled_reason = False, "the receiver answered 410 Gone"
    elif failing_for >= DISABLED_AFTER:
        webhook.is_enabled = False
        webhook.disabled_reason = f"nothing was accepted for {failing_for.days} days"


def _explain(outcome: Outcome) -> str:
    """Say what went wrong without a word of the answer's body, which may be another tenant's (SEC-07)."""
    return outcome.reason if outcome.status is None else f"the receiver answered {outcome.status}"


def _prepare(vault: Vault, webhook: Webhook, call: WebhookCall, now: datetime) -> Claimed:
    told = {
        "type": "events",
        "timestamp": show_moment(call.created_at),
        "events": [entry["event"] for entry in call.body],
    }
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    headers = sign(open_secrets(vault, webhook, now), call.public_id, body, now)
    return Claimed(call, parse_webhook_url(webhook.url).url, headers, body)


def _is_sound(webhook: Webhook, now: datetime) -> bool:
    return webhook.failing_since is None or webhook.failing_since > now - SOUND_FOR


def _is_enabled() -> ColumnElement[bool]:
    return exists(select(Webhook.id).where(Webhook.id == WebhookCall.webhook_id, Webhook.is_enabled))


def _listening(now: datetime) -> Select[Webhook]:
    """Select the webhooks for which events wait, and which may get another call now."""
    calls = select(func.count()).select_from(WebhookCall).where(WebhookCall.webhook_id == Webhook.id)
    untried = calls.where(WebhookCall.state == CallState.PENDING, WebhookCall.due_at.is_not(None))
    recent = exists(
        select(WebhookCall.id).where(WebhookCall.webhook_id == Webhook.id, WebhookCall.created_at > now - SOUND_FOR)
    )
    is_sound = or_(Webhook.failing_since.is_(None), Webhook.failing_since > now - SOUND_FOR)
    return select(Webhook).where(
        Webhook.is_enabled,
        exists(select(WebhookEvent.id).where(WebhookEvent.webhook_id == Webhook.id)),
        or_(is_sound, ~recent),
        untried.scalar_subquery() < UNTRIED_CALLS,
    )
