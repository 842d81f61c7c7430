"""Who a message is for: an explicit audience, walked by key and never held in memory whole."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Message, Subscription, SubscriptionStatus

AVAILABLE = ("everyone", "subscriber_hashes")
LATER = ("profile_ids", "external_ids", "topics", "tags", "where")
MAX_HASHES = 10_000

_HASH = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Page:
    """The next recipients: subscription ids, the place reached, and whether the audience ends here."""

    subscription_ids: Sequence[int]
    through: int
    is_last: bool


def is_subscriber_hash(text: str) -> bool:
    """Say whether a text has the form of a subscriber hash: 32 lower-case hex digits."""
    return _HASH.fullmatch(text) is not None


def check_audience(audience: dict[str, Any]) -> dict[str, Any]:
    """Return the audience in the form that is stored.

    Raises:
        Invalid: `empty_audience` (never everybody by omission), `invalid_audience`, or `not_available`.
    """
    later = [name for name in LATER if name in audience]
    if later:
        raise Invalid("not_available", f"The audience {later[0]} comes with a later version: use {AVAILABLE[1]}.")
    if set(audience) - set(AVAILABLE):
        raise Invalid("invalid_audience", f"An audience is one of {', '.join(AVAILABLE)}.")
    hashes = audience.get("subscriber_hashes")
    if "everyone" in audience and hashes is None:
        if audience["everyone"] is not True:
            raise Invalid("empty_audience", 'To reach every subscriber write {"everyone": true}.')
        return {"everyone": True}
    if "everyone" in audience:
        raise Invalid("invalid_audience", "Choose everyone or subscriber_hashes, not both.")
    if not hashes:
        raise Invalid("empty_audience", 'Name an audience: {"everyone": true} or {"subscriber_hashes": [...]}.')
    if len(hashes) > MAX_HASHES:
        raise Invalid("invalid_audience", f"List at most {MAX_HASHES} subscriber_hashes in one message.")
    if not all(map(is_subscriber_hash, hashes)):
        raise Invalid("invalid_audience", "Write each of subscriber_hashes as its 32 digits, 0-9 and a-f.")
    return {"subscriber_hashes": sorted(set(hashes))}


def next_page(session: Session, message: Message, size: int) -> Page:
    """Return the recipients after `message.planned_through`; it is a subscription id, or a place in the list."""
    reachable = (
        Subscription.site_id == message.site_id,
        Subscription.status == SubscriptionStatus.SUBSCRIBED,
        Subscription.channel == "web",
    )
    if "everyone" in message.audience:
        query = select(Subscription.id).where(
            *reachable, Subscription.id > message.planned_through, Subscription.id <= message.planned_until
        )
        ids = session.scalars(query.order_by(Subscription.id).limit(size)).all()
        return Page(ids, ids[-1] if ids else message.planned_through, len(ids) < size)
    through = message.planned_through + size
    hashes = message.audience["subscriber_hashes"][message.planned_through : through]
    ids = session.scalars(select(Subscription.id).where(*reachable, Subscription.subscriber_hash.in_(hashes))).all()
    return Page(ids, through, through >= len(message.audience["subscriber_hashes"]))


def last_subscription_id(session: Session, site_id: int) -> int:
    """Return the newest subscription of a site: who subscribes later does not get a message already going out."""
    return session.scalar(select(func.max(Subscription.id)).where(Subscription.site_id == site_id)) or 0
