"""What a site has, as lists that another program walks: subscribers and tags, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid, NotFound
from sitebell.models import (
    Enrollment,
    EnrollmentStatus,
    Event,
    EventType,
    Message,
    ProfileTag,
    Site,
    Subscription,
    SubscriptionStatus,
    SubscriptionTopic,
    Topic,
)
from sitebell.services.databases import linked_database_ids
from sitebell.services.subscribers import get_subscriber
from sitebell.services.subscriptions.pages import page_of_subscriptions
from sitebell.services.tags import is_on

RECEIPTS = (EventType.SHOWN, EventType.CLICKED)
IS_WEB = Subscription.channel == "web"
INACTIVE = (SubscriptionStatus.GONE, SubscriptionStatus.UNSUBSCRIBED)


@dataclass
class ListedSubscriber:
    """A subscription with the names of its topics, and with the tags of whoever it belongs to now.

    `is_waiting`: nothing goes to the address until its owner confirms it.
    """

    subscription: Subscription
    topics: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    is_waiting: bool = False

    @property
    def is_active(self) -> bool:
        """Whether messages may go there."""
        return self.subscription.status == SubscriptionStatus.SUBSCRIBED and not self.is_waiting


@dataclass(frozen=True)
class ListedTag:
    """A tag, on how many profiles it is, and since when."""

    name: str
    profiles: int
    since: datetime


@dataclass(frozen=True)
class Counts:
    """How many subscriptions messages may go to, and how many are gone, ended, or wait for a confirmation."""

    active: int
    inactive: int


def count_subscribers(session: Session, site: Site) -> Counts:
    """Return how many subscriptions a site has; those that were erased are none."""
    query = select(Subscription.status, func.count()).where(Subscription.site_id == site.id)
    counts = dict(session.execute(query.group_by(Subscription.status)).all())
    of_site = (Subscription.site_id == site.id, Subscription.status == SubscriptionStatus.SUBSCRIBED)
    waiting = session.scalar(select(func.count()).select_from(_waiting().where(*of_site).subquery())) or 0
    ended = sum(counts.get(status, 0) for status in INACTIVE)
    return Counts(counts.get(SubscriptionStatus.SUBSCRIBED, 0) - waiting, ended + waiting)


def list_subscribers(
    session: Session, site: Site, *, after: str | None, since: datetime | None, limit: int, now: datetime
) -> list[ListedSubscriber]:
    """Return the subscriptions behind one that was named by its hash, in the order in which they were made.

    `since` leaves out those that neither spoke nor changed from that moment on.

    Raises:
        Invalid: `invalid_cursor`, the site has no subscription of this hash.
    """
    begin = 0 if after is None else _place(session, site, after)
    recent = () if since is None else (or_(Subscription.seen_at >= since, Subscription.updated_at >= since),)
    rows = session.scalars(page_of_subscriptions(site, *recent, after=begin, limit=limit)).all()
    return describe_subscribers(session, rows, now)


def describe_subscribers(session: Session, rows: Sequence[Subscription], now: datetime) -> list[ListedSubscriber]:
    """Return subscriptions with their topics and tags; three queries, however many they are."""
    found = {row.id: ListedSubscriber(row) for row in rows}
    chosen = select(SubscriptionTopic.subscription_id, Topic.name).join(Topic, Topic.id == SubscriptionTopic.topic_id)
    chosen = chosen.where(SubscriptionTopic.subscription_id.in_(found)).order_by(Topic.position, Topic.id)
    for subscription_id, name in session.execute(chosen):
        found[subscription_id].topics.append(name)
    worn = select(Enrollment.subscription_id, ProfileTag.tag).distinct()
    worn = worn.join(ProfileTag, ProfileTag.profile_id == Enrollment.profile_id)
    worn = worn.where(Enrollment.subscription_id.in_(found), Enrollment.left_at.is_(None), is_on(now))
    for subscription_id, tag in session.execute(worn.order_by(ProfileTag.tag)):
        found[subscription_id].tags.append(tag)
    for subscription_id in session.scalars(_waiting().where(Subscription.id.in_(found))):
        found[subscription_id].is_waiting = True
    return list(found.values())


def find_newest_subscriber(session: Session, site: Site, profile_ids: Sequence[int]) -> Subscription | None:
    """Return the subscription made last of those that stand at any of these profiles.

    Browsers come before addresses of other channels, and in either those that are subscribed come first.
    """
    query = (
        select(Subscription)
        .join(Enrollment, Enrollment.subscription_id == Subscription.id)
        .where(Subscription.site_id == site.id, Enrollment.profile_id.in_(profile_ids), Enrollment.left_at.is_(None))
    )
    is_subscribed = Subscription.status == SubscriptionStatus.SUBSCRIBED
    return session.scalars(query.order_by(IS_WEB.desc(), is_subscribed.desc(), Subscription.id.desc()).limit(1)).first()


def count_receipts_by_hour(session: Session, message: Message) -> dict[datetime, dict[str, int]]:
    """Return how often a message was shown and clicked in each hour (UTC) that had any of it."""
    hour = _hour(session)
    query = select(hour, Event.type, func.count()).where(Event.message_id == message.id, Event.type.in_(RECEIPTS))
    hours: dict[datetime, dict[str, int]] = {}
    for written, kind, many in session.execute(query.group_by(hour, Event.type).order_by(hour)):
        moment = datetime.fromisoformat(f"{written}:00:00").replace(tzinfo=UTC)
        hours.setdefault(moment, dict.fromkeys(RECEIPTS, 0))[kind] = many
    return hours


def list_tags_of_site(session: Session, site: Site, *, limit: int, offset: int, now: datetime) -> list[ListedTag]:
    """Return the tags on profiles of a site's databases, by the order of their characters."""
    linked = linked_database_ids(site.id)
    query = select(ProfileTag.tag, func.count(), func.min(ProfileTag.created_at))
    query = query.where(ProfileTag.database_id.in_(linked), is_on(now))
    grouped = query.group_by(ProfileTag.tag).order_by(ProfileTag.tag)
    return [ListedTag(*row) for row in session.execute(grouped.limit(limit).offset(offset))]


def _waiting() -> Select[int]:
    """Return the addresses that wait for their owners, as `is_unconfirmed` says it of one."""
    query = select(Subscription.id).join(Enrollment, Enrollment.subscription_id == Subscription.id).distinct()
    return query.where(~IS_WEB, Enrollment.status == EnrollmentStatus.UNCONFIRMED)


def _place(session: Session, site: Site, subscriber_hash: str) -> int:
    try:
        return get_subscriber(session, site, subscriber_hash).id
    except NotFound as error:
        raise Invalid("invalid_cursor", "The page begins behind a subscription that the site has: name one.") from error


def _hour(session: Session) -> ColumnElement[Any]:
    """Return the hour of an event as a text such as `2026-11-22T18`, by what either database has for it."""
    if session.get_bind().dialect.name == "sqlite":
        return func.strftime("%Y-%m-%dT%H", Event.at)
    return func.to_char(func.timezone("UTC", Event.at), 'YYYY-MM-DD"T"HH24')
