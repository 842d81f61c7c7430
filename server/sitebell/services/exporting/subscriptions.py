"""Writes down every subscription of a site, so that another system can go on with them: leaving is as easy."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.models import Site, Subscription, SubscriptionTopic, Topic
from sitebell.push.vapid import VapidKey, to_base64url
from sitebell.services.exporting.people import count_values, people_at
from sitebell.services.importing.own_format import MOMENTS, TEXTS, VAPID_KEY
from sitebell.services.subscriptions.pages import page_of_subscriptions
from sitebell.services.vapid_keys import list_vapid_keys, open_vapid_key
from sitebell.services.vault import Vault

ROWS_AT_ONCE = 500
VALUES_AT_ONCE = 20_000  # of fields; those of one browser more, which may be as many
Json = dict[str, Any]


def hand_over(session: Session, site: Site, now: datetime) -> Iterator[Json]:
    """Yield a line for each subscription but for the erased ones, in the order of their making, in flat memory."""
    keys = {pair.id: pair.public_key for pair in list_vapid_keys(session, site)}
    last_id = 0
    while True:
        rows = session.scalars(page_of_subscriptions(site, after=last_id, limit=ROWS_AT_ONCE)).all()
        if not rows:
            return
        last_id = rows[-1].id
        topics = _topics(session, rows)
        for some in _in_pieces(session, rows):
            people = people_at(session, some, now)
            for row in some:
                about = {"topics": topics.get(row.id, []), "profiles": people.get(row.id, [])}
                yield {**_reach(row, keys), **_facts(row), **{name: found for name, found in about.items() if found}}
        for row in rows:
            session.expunge(row)


def hand_over_keys(session: Session, vault: Vault, site: Site) -> Iterator[Json]:
    """Yield a line for each VAPID pair, its private half included: whoever has it can send in the site's name."""
    for place, pair in enumerate(list_vapid_keys(session, site)):
        key: VapidKey = open_vapid_key(vault, pair)
        halves = {"public_key": key.public_text, "private_key": to_base64url(key.private)}
        yield {VAPID_KEY: {**halves, "is_current": place == 0}}


def _in_pieces(session: Session, rows: Sequence[Subscription]) -> Iterator[Sequence[Subscription]]:
    """Cut a page so that the memory does not grow with how much is known about its people."""
    counts = count_values(session, rows)
    some, held = list[Subscription](), 0
    for row in rows:
        count = counts.get(row.id, 0)
        if some and held + count > VALUES_AT_ONCE:
            yield some
            some, held = [], 0
        some.append(row)
        held += count
    yield some


def _reach(row: Subscription, keys: dict[int, str]) -> Json:
    if row.p256dh is None or row.auth is None or row.vapid_key_id is None:
        return {"provider": row.provider, "token": row.address}
    halves = {"p256dh": to_base64url(row.p256dh), "auth": to_base64url(row.auth)}
    return {"endpoint": row.address, **halves, "vapid_public_key": keys[row.vapid_key_id]}


def _facts(row: Subscription) -> Json:
    facts = {name: getattr(row, name) for name in ("subscriber_hash", "status", "status_reason", "worker", *TEXTS)}
    moments = {name: getattr(row, name) for name in MOMENTS}
    facts |= {name: moment.isoformat() for name, moment in moments.items() if moment is not None}
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _topics(session: Session, rows: Sequence[Subscription]) -> dict[int, list[str]]:
    query = select(SubscriptionTopic.subscription_id, Topic.name).join(Topic, Topic.id == SubscriptionTopic.topic_id)
    chosen: dict[int, list[str]] = {}
    mine = query.where(SubscriptionTopic.subscription_id.in_([row.id for row in rows]))
    for id_, name in session.execute(mine.order_by(Topic.position, Topic.id)):
        chosen.setdefault(id_, []).append(name)
    return chosen
