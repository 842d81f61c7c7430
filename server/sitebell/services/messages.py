"""Messages: created, looked at, paused, resumed, cancelled. Sending them is the worker's business."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid, NotFound
from sitebell.models import Delivery, DeliveryState, IdempotencyKey, Message, MessageStatus, Site
from sitebell.services.audiences import MAX_IDS, check_audience, names_in
from sitebell.services.content import DAY
from sitebell.services.delivery.claiming import end_deliveries
from sitebell.services.delivery.payloads import check_payload
from sitebell.services.delivery.self_pause import loses_too_many
from sitebell.services.message_names import note_names
from sitebell.services.personalisation.filling import check_personalisation, fixed_parts

LONGEST_DELAY = timedelta(days=366)
FINISHED = (MessageStatus.SENT, MessageStatus.CANCELLED, MessageStatus.FAILED)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A message as its sender describes it; `ttl` in seconds, `send_at` None means now.

    `verified` keeps it from browsers whose profile nobody proved; `is_draft` keeps it back until `send_draft`.
    `most_ids` is how long a list of its audience may be.
    """

    audience: dict[str, Any]
    notification: dict[str, Any]
    ttl: int = DAY
    urgency: str = "normal"
    replace_key: str | None = None
    send_at: datetime | None = None
    verified: bool = False
    is_draft: bool = False
    most_ids: int = MAX_IDS


def create_message(
    session: Session,
    site: Site,
    draft: Draft,
    *,
    idempotency_key: str | None = None,
    request_hash: bytes = b"",
    now: datetime,
) -> tuple[Message, bool]:
    """Store a message for the worker; return it and whether it is new, or the one of its idempotency key (REL-03).

    Raises:
        Invalid: the audience or the notification cannot be used.
        Conflict: `idempotency_conflict`, the key was used for another request.
    """
    known = _find_by_key(session, site, idempotency_key, request_hash)
    if known is not None:
        return known, False
    message = _build(session, site, draft, now)
    if idempotency_key is None:
        _add(session, message)
        return message, True
    try:
        with session.begin_nested():
            _add(session, message)
            session.add(_key_row(site, message, idempotency_key, request_hash, now))
    except IntegrityError:  # the same key won in another request
        return _get_by_key(session, site, idempotency_key, request_hash), False
    return message, True


def get_message(session: Session, site: Site, public_id: str) -> Message:
    """Return a message of this site.

    Raises:
        NotFound: the site has no such message.
    """
    query = select(Message).where(Message.site_id == site.id, Message.public_id == public_id)
    message = session.scalars(query).one_or_none()
    if message is None:
        raise NotFound("This site has no message with this id.", "message_not_found")
    return message


def count_deliveries(session: Session, message: Message) -> dict[str, int]:
    """Return how many deliveries stand where; recipients is their sum, as far as they are planned."""
    if message.final_counts is not None:
        return message.final_counts
    query = (
        select(
            Delivery.state,
            func.count(),
            func.count(Delivery.shown_at),
            func.count(Delivery.clicked_at),
            func.count(Delivery.closed_at),
        )
        .where(Delivery.message_id == message.id)
        .group_by(Delivery.state)
    )
    rows = session.execute(query).all()
    counts = {"recipients": sum(row[1] for row in rows)}
    counts |= {state.value: 0 for state in DeliveryState} | {row[0]: row[1] for row in rows}
    return counts | {
        "shown": sum(row[2] for row in rows),
        "clicked": sum(row[3] for row in rows),
        "closed": sum(row[4] for row in rows),
    }


def cancel_message(session: Session, site: Site, public_id: str, now: datetime) -> Message:
    """Stop a message for good; deliveries not yet sent end as cancelled.

    Raises:
        NotFound: the site has no such message.
        Conflict: `message_finished`.
    """
    message = _lock_unfinished(session, site, public_id)
    message.status, message.status_reason = MessageStatus.CANCELLED, "cancelled by the sender"
    message.finished_at = now
    end_deliveries(session, message, now)
    return message


def send_draft(session: Session, site: Site, public_id: str, send_at: datetime | None, now: datetime) -> Message:
    """Let a draft go out, now or at a moment that `check_send_at` returned; its time to live begins then.

    Raises:
        NotFound: the site has no such message.
        Conflict: `not_a_draft`, it was sent or ended already.
    """
    message = _lock(session, site, public_id)
    if message.status != MessageStatus.DRAFT:
        raise Conflict("not_a_draft", f"This message is {message.status}: only a draft can be sent.")
    message.status, message.send_at = MessageStatus.SCHEDULED, send_at or now
    message.expires_at = message.send_at + timedelta(seconds=message.ttl)
    return message


def check_send_at(send_at: datetime | None, now: datetime) -> datetime:
    """Return when to send: a moment that has passed means now, and the time to live begins then.

    Raises:
        Invalid: `invalid_send_at`, it is more than a year ahead.
    """
    if send_at is not None and send_at > now + LONGEST_DELAY:
        raise Invalid("invalid_send_at", "send_at is more than a year ahead: send the message later.")
    return max(send_at or now, now)


def pause_message(session: Session, site: Site, public_id: str, now: datetime) -> Message:  # noqa: ARG001
    """Hold a message back until it is resumed; its TTL goes on running. A draft stays one.

    Raises:
        NotFound: the site has no such message.
        Conflict: `message_finished`.
    """
    message = _lock_unfinished(session, site, public_id)
    if message.status not in (MessageStatus.PAUSED, MessageStatus.DRAFT):
        message.status, message.status_reason = MessageStatus.PAUSED, "paused by the sender"
    return message


def resume_message(session: Session, site: Site, public_id: str, now: datetime) -> Message:
    """Let a paused message go on, also past the pause that it gave itself because of losses.

    Raises:
        NotFound: the site has no such message.
        Conflict: `message_finished`.
    """
    message = _lock_unfinished(session, site, public_id)
    if message.status == MessageStatus.PAUSED:
        message.losses_accepted = message.losses_accepted or loses_too_many(message)
        message.status = MessageStatus.SCHEDULED if message.send_at > now else MessageStatus.SENDING
        message.status_reason = ""
    return message


def _build(session: Session, site: Site, draft: Draft, now: datetime) -> Message:
    check_personalisation(session, site, draft.notification)
    check_payload(fixed_parts(draft.notification))
    send_at = draft.send_at or now
    return Message(
        public_id=secrets.token_hex(12),
        site_id=site.id,
        status=MessageStatus.DRAFT if draft.is_draft else MessageStatus.SCHEDULED,
        audience=check_audience(session, site, draft.audience, send_at, most_ids=draft.most_ids),
        notification=draft.notification,
        ttl=draft.ttl,
        urgency=draft.urgency,
        replace_key=draft.replace_key,
        is_verified=draft.verified,
        send_at=send_at,
        expires_at=send_at + timedelta(seconds=draft.ttl),
        created_at=now,
    )


def _add(session: Session, message: Message) -> None:
    session.add(message)
    session.flush()
    note_names(session, message.id, names_in(session, message.site_id, message.audience, message.send_at))


def _key_row(site: Site, message: Message, key: str, request_hash: bytes, now: datetime) -> IdempotencyKey:
    digest = _digest(key)
    return IdempotencyKey(site_id=site.id, key=digest, request_hash=request_hash, message_id=message.id, created_at=now)


def _digest(key: str) -> str:
    """Return what is kept of an Idempotency-Key, which may well hold an address or a name."""
    return hashlib.sha256(key.encode()).hexdigest()


def _find_by_key(session: Session, site: Site, key: str | None, request_hash: bytes) -> Message | None:
    if key is None:
        return None
    query = select(IdempotencyKey).where(IdempotencyKey.site_id == site.id, IdempotencyKey.key == _digest(key))
    row = session.scalars(query).one_or_none()
    if row is None:
        return None
    if row.request_hash != request_hash:
        raise Conflict("idempotency_conflict", "This Idempotency-Key was used for another request: use a new key.")
    return session.get_one(Message, row.message_id)


def _get_by_key(session: Session, site: Site, key: str, request_hash: bytes) -> Message:
    message = _find_by_key(session, site, key, request_hash)
    if message is None:
        raise Conflict("idempotency_conflict", "This Idempotency-Key is being used right now: try again.")
    return message


def _lock(session: Session, site: Site, public_id: str) -> Message:
    message = get_message(session, site, public_id)
    session.refresh(message, with_for_update=True)
    return message


def _lock_unfinished(session: Session, site: Site, public_id: str) -> Message:
    message = _lock(session, site, public_id)
    if message.status in FINISHED:
        raise Conflict("message_finished", f"This message is {message.status}: it can no longer be changed.")
    return message
