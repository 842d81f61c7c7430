"""Writes the subscriptions of a chunk, where they stand and what they chose, in a few statements for all."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from sitebell.models import BoundBy, Enrollment, Site, Subscription, SubscriptionTopic, VapidKeyPair
from sitebell.services.addresses import NativeAddress
from sitebell.services.importing.known import Found
from sitebell.services.importing.rows import Person, SourceRow
from sitebell.services.topics import find_topic_ids

Bound = tuple[int, Found, Person]  # the place of a row among its chunk's, and whose it is
EMPTY = dict.fromkeys(
    ("locale", "time_zone", "browser", "platform", "country", "clicked_at", "first_accepted_at", "p256dh", "auth")
)


def insert_subscriptions(
    session: Session, site: Site, rows: Sequence[SourceRow], pairs: Sequence[VapidKeyPair | None], now: datetime
) -> Sequence[int]:
    """Store new subscriptions with the pairs that sign for them; return their ids in the order of the rows.

    Nobody is told: they subscribed long ago.
    """
    hashes = _hashes(session, rows)
    values = [_values(site, row, pair, now) for row, pair in zip(rows, pairs, strict=True)]
    values = [row | {"subscriber_hash": hash_} for row, hash_ in zip(values, hashes, strict=True)]
    session.execute(insert(Subscription), values)  # RETURNING would make a statement of each row on SQLite
    made = select(Subscription.subscriber_hash, Subscription.id).where(Subscription.subscriber_hash.in_(hashes))
    ids: dict[str, int] = dict(session.execute(made).all())
    return [ids[hash_] for hash_ in hashes]


def insert_enrollments(
    session: Session, ids: Sequence[int], bound: Mapping[int, Sequence[Bound]], now: datetime
) -> None:
    """Store where these subscriptions stand, in each database by its id."""
    session.execute(insert(Enrollment), [row for id_ in bound for row in _enrollments(id_, ids, bound[id_], now)])


def find_topics(session: Session, site: Site, rows: Sequence[SourceRow]) -> tuple[list[tuple[int, int]], int]:
    """Return the choices among the site's topics, each with its row's place, and how many are of others."""
    chosen = [(place, name) for place, row in enumerate(rows) for name in dict.fromkeys(row.topics)]
    known = find_topic_ids(session, site.id, sorted({name for _, name in chosen}))
    offered = [(place, known[name]) for place, name in chosen if name in known]
    return offered, len(chosen) - len(offered)


def insert_topics(session: Session, ids: Sequence[int], choices: Sequence[tuple[int, int]], now: datetime) -> None:
    """Store what `find_topics` found."""
    rows = [{"subscription_id": ids[place], "topic_id": topic_id, "created_at": now} for place, topic_id in choices]
    if rows:
        session.execute(insert(SubscriptionTopic), rows)


def _hashes(session: Session, rows: Sequence[SourceRow]) -> list[str]:
    """Return the subscriber hashes: as the row says, unless somebody else has that one."""
    wanted = [row.subscriber_hash for row in rows if row.subscriber_hash]
    query = select(Subscription.subscriber_hash).where(Subscription.subscriber_hash.in_(wanted))
    taken = set(session.scalars(query)) if wanted else set()
    made = []
    for row in rows:
        is_free = row.subscriber_hash is not None and row.subscriber_hash not in taken
        made.append(row.subscriber_hash if row.subscriber_hash and is_free else secrets.token_hex(16))
        taken.add(made[-1])
    return made


def _values(site: Site, row: SourceRow, pair: VapidKeyPair | None, now: datetime) -> dict[str, Any]:
    reach: dict[str, Any] = {"vapid_key_id": None}
    if isinstance(row.address, NativeAddress):
        reach["channel"] = row.address.channel
    elif pair is not None:
        keys = row.address.keys
        reach = {"channel": "web", "p256dh": keys.p256dh, "auth": keys.auth, "vapid_key_id": pair.id}
    return {
        **EMPTY,
        **dict.fromkeys(("created_at", "updated_at", "seen_at"), now),
        **row.facts,
        **reach,
        "site_id": site.id,
        "provider": row.provider,
        "address": row.text,
        "address_hash": row.address.hash,
        "status": row.status,
        "status_reason": row.status_reason,
        "worker": row.worker,
    }


def _enrollments(
    database_id: int, ids: Sequence[int], bound: Sequence[Bound], now: datetime
) -> Iterator[dict[str, Any]]:
    moments = dict.fromkeys(("bound_at", "created_at", "updated_at"), now)
    for place, profile, person in bound:
        yield {
            "subscription_id": ids[place],
            "profile_id": profile.id,
            "database_id": database_id,
            "status": person.status,
            "suspended_by": person.suspended_by,
            "suspended_until": person.suspended_until,
            "is_anonymous": person.is_anonymous,
            "bound_by": BoundBy.OPEN if person.is_anonymous else person.bound_by,
            **moments,
        }
