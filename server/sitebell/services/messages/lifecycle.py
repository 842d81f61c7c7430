"""Messages: created, looked at, paused, resumed, cancelled. Sending them is the worker's business."""

import hashlib
import re
import secrets
from collections.abc import Sequence
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
from sitebell.services.messages.names import note_names
from sitebell.services.personalisation.filling import check_personalisation, fixed_parts

LONGEST_DELAY = timedelta(days=366)
FINISHED = (MessageStatus.SENT, MessageStatus.CANCELLED, MessageStatus.FAILED)
MARKS = {"shown": Delivery.shown_at, "clicked": Delivery.clicked_at, "closed": Delivery.closed_at}
COUNTS = ("recipients", *(state.value for state in DeliveryState), *MARKS)
_PUBLIC_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, kw_only=True)
class NewMessage:
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
    new: NewMessage,
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
    message = _build(session, site, new, now)
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
    is_possible = _PUBLIC_ID.fullmatch(public_id)  # PostgreSQL would refuse NUL with an error of its own
    message = session.scalars(query).one_or_none() if is_possible else None
    if message is None:
        raise NotFound("message_not_found", "This site has no message with this id.")
    return message


def count_deliveries(session: Session, message: Message) -> dict[str, int]:
    """Return how many deliveries stand where; recipients is their sum, as far as they are planned."""
    return count_deliveries_of(session, [message])[message.id]


def count_deliveries_of(session: Session, messages: Sequence[Message]) -> dict[int, dict[str, int]]:
    """Return of each message, by its number, what `count_deliveries` does; one query, however many they are."""
    counts = {message.id: message.final_counts or dict.fromkeys(COUNTS, 0) for message in messages}
    live = [message.id for message in messages if message.final_counts is None]
    marks = map(func.count, MARKS.values())
    query = select(Delivery.message_id, Delivery.state, func.count(), *marks).where(Delivery.message_id.in_(live))
    rows = session.execute(query.group_by(Delivery.message_id, Delivery.state)).all() if live else ()
    for number, state, many, *marked in rows:
        for name, more in zip(("recipients", state, *MARKS), (many, many, *marked), strict=True):
            counts[number][name] += more
    return counts


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


def pause_message(session: Session, site: Site, public_id: str) -> Message:
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


def _build(session: Session, site: Site, new: NewMessage, now: datetime) -> Message:
    check_personalisation(session, site, new.notification)
    check_payload(fixed_parts(new.notification))
    send_at = new.send_at or now
    return Message(
        public_id=secrets.token_hex(12),
        site_id=site.id,
        status=MessageStatus.DRAFT if new.is_draft else MessageStatus.SCHEDULED,
        audience=check_audience(session, site, new.audience, send_at, most_ids=new.most_ids),
        notification=new.notification,
        ttl=new.ttl,
        urgency=new.urgency,
        replace_key=new.replace_key,
        is_verified=new.verified,
        send_at=send_at,
        expires_at=send_at + timedelta(seconds=new.ttl),
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
