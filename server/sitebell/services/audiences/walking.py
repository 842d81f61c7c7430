"""Walks an audience in steps of bounded work: lists by the place in the list, sets by windows of subscriptions.

A place is one number: below the length of all lists an index into them, from there on a subscription id above it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from sitebell.models import Delivery, Enrollment, Message, Profile, Subscription, SubscriptionStatus
from sitebell.services.audiences.lookups import finds_a_row
from sitebell.services.audiences.naming import LISTS
from sitebell.services.audiences.sets import SETS, condition_of_sets
from sitebell.services.databases import linked_database_ids
from sitebell.services.delivery.eligibility import proof_for, requirements

WINDOW = 20_000  # subscriptions that one step looks at, however few of them are meant
STRETCH = 2000  # and one query: a database may sort all of them before it gives the first


class Recipient(NamedTuple):
    """A subscription, and the enrollment for which it gets the message."""

    subscription_id: int
    enrollment_id: int


@dataclass(frozen=True)
class Page:
    """The next recipients, the place reached, and whether the audience ends here."""

    recipients: Sequence[Recipient]
    through: int
    is_last: bool


def next_page(session: Session, message: Message, size: int, after: int = 0) -> Page:
    """Return at most `size` recipients after `message.planned_through` who have no delivery of the message yet.

    A stretch of a list that has more than fits stays the place: the next call goes on there. One that plans nothing
    says `after` which subscription.
    """
    listed = count_listed(message.audience)
    if message.planned_through < listed:
        return _page_of_list(session, message, size, after)
    if not _has_sets(message.audience):
        return Page((), message.planned_through, is_last=True)
    return _page_of_sets(session, message, listed, size)


def last_subscription_id(session: Session, site_id: int) -> int:
    """Return the newest subscription of a site: who subscribes later does not get a message already going out."""
    return session.scalar(select(func.max(Subscription.id)).where(Subscription.site_id == site_id)) or 0


def count_listed(audience: dict[str, Any]) -> int:
    """Return how many entries an audience lists: the places up to there are places in the lists."""
    return sum(len(audience.get(name, ())) for name in LISTS)


def _has_sets(audience: dict[str, Any]) -> bool:
    return not {"everyone", *SETS}.isdisjoint(audience)


def _page_of_list(session: Session, message: Message, size: int, after: int) -> Page:
    place = message.planned_through
    kind, chunk = _stretch(message.audience, place, size)
    query = _recipients(session, message).where(Subscription.id > after, _listed(message.site_id, kind, chunk))
    found = _fetch(session, query, size)
    through = place + len(chunk) if len(found) < size else place
    is_last = through == count_listed(message.audience) and not _has_sets(message.audience)
    return Page(found, through, is_last)


def _stretch(audience: dict[str, Any], place: int, size: int) -> tuple[str, Sequence[str]]:
    """Return at most `size` entries from a place on, which is in one of the lists, and the name of this list."""
    for name in LISTS:
        entries = audience.get(name, ())
        if place < len(entries):
            return name, entries[place : place + size]
        place -= len(entries)
    raise IndexError(place)


def _page_of_sets(session: Session, message: Message, offset: int, size: int) -> Page:
    """Look at stretches until the page is full, or until a step has looked at enough: a rare match takes many steps."""
    proof = proof_for(session, message)
    condition = condition_of_sets(session, message.site_id, message.audience, message.send_at, proof=proof)
    meant = _recipients(session, message).where(condition)
    found: list[Recipient] = []
    after, looked, is_last = message.planned_through - offset, 0, False
    while len(found) < size and looked < WINDOW and not is_last:
        end, count = _end_of_stretch(session, message, after)
        in_stretch = meant.where(Subscription.id > after, Subscription.id <= end)
        found += _fetch(session, in_stretch, size - len(found))
        is_full = len(found) == size
        after, looked, is_last = found[-1].subscription_id if is_full else end, looked + count, count < STRETCH
    return Page(found, offset + after, is_last and not is_full)


def _end_of_stretch(session: Session, message: Message, after: int) -> tuple[int, int]:
    """Return the last id of the site's next subscriptions and how many they are, fewer than `STRETCH` at the end."""
    ids = (
        select(Subscription.id)
        .where(Subscription.site_id == message.site_id, Subscription.status == SubscriptionStatus.SUBSCRIBED)
        .where(Subscription.id > after, Subscription.id <= message.planned_until)
        .order_by(Subscription.id)
        .limit(STRETCH)
        .subquery()
    )
    end, count = session.execute(select(func.max(ids.c.id), func.count())).one()
    return end or after, count


def _recipients(session: Session, message: Message) -> Select[int, int]:
    """Return who may get the message and does not have it yet, each with one of its enrollments."""
    needed = requirements(message.site_id, proof=proof_for(session, message))
    delivery = select(Delivery.message_id).where(Delivery.subscription_id == Subscription.id)
    has_it = finds_a_row(delivery.where(Delivery.message_id == message.id), Subscription)
    return (
        select(Subscription.id, func.min(Enrollment.id))
        .join(Enrollment, Enrollment.subscription_id == Subscription.id)
        .where(*(requirement.is_met for requirement in needed), Subscription.id <= message.planned_until, ~has_it)
        .group_by(Subscription.id)
        .order_by(Subscription.id)
    )


def _listed(site_id: int, kind: str, chunk: Sequence[str]) -> ColumnElement[bool]:
    if kind == "subscriber_hashes":
        return Subscription.subscriber_hash.in_(chunk)
    linked = linked_database_ids(site_id)
    column = Profile.public_id if kind == "profile_ids" else Profile.external_id
    return Enrollment.profile_id.in_(select(Profile.id).where(Profile.database_id.in_(linked), column.in_(chunk)))


def _fetch(session: Session, query: Select[int, int], size: int) -> list[Recipient]:
    return [Recipient(*row) for row in session.execute(query.limit(size))]
