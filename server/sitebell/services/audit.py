"""The audit log: who did what, when, from where; a chain of hashes that shows what was changed in it (SEC-42).

It holds ids of ours only: no external id, address, content or profile, so an erase has nothing to take out of it.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.models import AuditEntry, Installation
from sitebell.services.vault import MasterKeyError, Vault

BEGINNING = bytes(32)  # what the first entry names as the hash before it
SEAL = "audit"
PAGE = 1000


class Action(StrEnum):
    """What is written down."""

    SITE_CREATED = "site.create"
    SITE_CHANGED = "site.change"
    API_KEY_CREATED = "api_key.create"
    API_KEY_ADOPTED = "api_key.adopt"
    API_KEY_REVOKED = "api_key.revoke"
    VAPID_KEY_ADDED = "vapid_key.add"
    VAPID_KEY_IMPORTED = "vapid_key.import"
    VAPID_KEYS_EXPORTED = "vapid_keys.export"
    SUBSCRIPTIONS_IMPORTED = "subscriptions.import"
    SUBSCRIPTIONS_EXPORTED = "subscriptions.export"
    SIGNING_KEY_ADDED = "signing_key.add"
    SIGNING_KEY_REMOVED = "signing_key.remove"
    BROWSERS_UNPROVED = "browsers.unprove"
    DATABASE_CREATED = "database.create"
    DATABASE_LINKED = "database.link"
    DATABASE_UNLINKED = "database.unlink"
    MESSAGE_CREATED = "message.create"
    MESSAGE_SENT = "message.send"
    PROFILE_CREATED = "profile.create"
    PROFILE_ERASED = "profile.erase"
    PROFILE_EXPORTED = "profile.export"
    SUBSCRIBER_ERASED = "subscriber.erase"
    WEBHOOK_CREATED = "webhook.create"
    WEBHOOK_CHANGED = "webhook.change"
    WEBHOOK_ROTATED = "webhook.rotate"
    WEBHOOK_REMOVED = "webhook.remove"
    RESTORED = "installation.restore"


@dataclass(frozen=True)
class Actor:
    """Who acts: `cli`, or `key:` and an API key's id; and the network that the request came from, if any."""

    name: str
    network: str = ""


@dataclass(frozen=True)
class Fault:
    """Where the log is not what was written: the entry's id, and what is wrong."""

    entry_id: int
    what: str


def record(
    session: Session,
    vault: Vault,
    action: Action,
    *,
    actor: Actor,
    site_id: int | None = None,
    subject: str = "",
    now: datetime,
) -> None:
    """Append an entry, in the transaction of what it tells of; do it last, since others wait behind it.

    `subject` is an id of ours such as `message 1f…`, and never what identifies a person.
    """
    installation = session.get_one(Installation, 1, with_for_update=True, populate_existing=True)
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).first()
    entry = AuditEntry(
        id=last.id + 1 if last else 1,
        at=now,
        actor=actor.name,
        action=action,
        site_id=site_id,
        subject=subject,
        address=actor.network,
        previous_hash=last.hash if last else BEGINNING,
    )
    entry.hash = _hash(entry)
    session.add(entry)
    installation.audit_head = vault.seal(SEAL, entry.hash)
    session.flush()


def list_entries(session: Session, *, limit: int, before: int | None = None) -> Sequence[AuditEntry]:
    """Return the newest entries first; with `before` those older than the entry of that id."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(AuditEntry.id < before)).all()


def verify(session: Session, vault: Vault) -> tuple[int, list[Fault]]:
    """Return how many entries there are, and every place where one was changed, removed, added or moved.

    Entries cut off at the end are seen by the last hash, which is kept sealed by the master key: whoever can write
    the database and does not have that key cannot make the log fit again.
    """
    faults: list[Fault] = []
    count, last_id, last_hash = 0, 0, BEGINNING
    for entry in _walk(session):
        count += 1
        if entry.id != last_id + 1:
            faults.append(Fault(entry.id, f"{entry.id - last_id - 1} entries before it are missing"))
        elif entry.previous_hash != last_hash:
            faults.append(Fault(entry.id, "it does not follow the entry before it"))
        if entry.hash != _hash(entry):
            faults.append(Fault(entry.id, "it was changed"))
        last_id, last_hash = entry.id, entry.hash
    if last_hash != _head(session, vault):
        faults.append(Fault(last_id, "it is not the last entry that was written"))
    return count, faults


def _hash(entry: AuditEntry) -> bytes:
    told = [entry.id, entry.at.isoformat(), entry.actor, entry.action, entry.site_id, entry.subject, entry.address]
    text = json.dumps(told, separators=(",", ":"))
    return hashlib.sha256(entry.previous_hash + text.encode()).digest()


def _walk(session: Session) -> Iterator[AuditEntry]:
    query = select(AuditEntry).order_by(AuditEntry.id)
    yield from session.scalars(query.execution_options(yield_per=PAGE))


def _head(session: Session, vault: Vault) -> bytes | None:
    sealed = session.get_one(Installation, 1).audit_head
    if sealed is None:
        return BEGINNING
    try:
        return vault.open(SEAL, sealed)
    except MasterKeyError:  # somebody wrote there without the key
        return None
