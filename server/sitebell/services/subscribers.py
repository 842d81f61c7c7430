"""Subscribers as a site's back end sees them: one browser by its hash, and the browsers of one profile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from sitebell.errors import NotFound
from sitebell.models import (
    Enrollment,
    EnrollmentStatus,
    Profile,
    Site,
    Subscription,
    SubscriptionStatus,
)
from sitebell.services.binding.enrolling import attach, detach_from
from sitebell.services.databases import linked_database_ids
from sitebell.services.profiles import set_status
from sitebell.services.public_ids import is_subscriber_hash
from sitebell.services.topics import chosen_topics


@dataclass(frozen=True)
class KnownSubscriber:
    """A subscription, where it is present among the profiles of its site, and the topics chosen in it."""

    subscription: Subscription
    enrollments: Sequence[Row[Enrollment, Profile]]
    topics: Sequence[str]


@dataclass(frozen=True)
class SubscriptionPage:
    """Some of a profile's enrollments, each with its subscription, and the cursor for those after them."""

    rows: Sequence[Row[Enrollment, Subscription]]
    next_cursor: str | None


def get_subscriber(session: Session, site: Site, subscriber_hash: str, *, lock: bool = False) -> Subscription:
    """Return a subscription of this site by its public hash; `lock` is for those who change it or its enrollments.

    Raises:
        NotFound: `subscriber_not_found`, also for another site's (SEC-38) and for one that was erased.
    """
    query = _of_site(site).where(Subscription.subscriber_hash == subscriber_hash)
    query = query.with_for_update(key_share=True) if lock else query
    subscription = session.scalars(query).one_or_none() if is_subscriber_hash(subscriber_hash) else None
    if subscription is None:
        raise NotFound("subscriber_not_found", "This site has no subscriber with this hash.")
    return subscription


def read_subscriber(session: Session, site: Site, subscription: Subscription) -> KnownSubscriber:
    """Return where a subscription is present in the databases of its site, and its topics."""
    linked = linked_database_ids(site.id)
    query = (
        select(Enrollment, Profile)
        .join(Profile, Profile.id == Enrollment.profile_id)
        .where(Enrollment.subscription_id == subscription.id, Enrollment.left_at.is_(None))
        .where(Enrollment.database_id.in_(linked))
        .order_by(Enrollment.database_id, Enrollment.id)
    )
    return KnownSubscriber(subscription, session.execute(query).all(), chosen_topics(session, subscription))


def check_subscribers(session: Session, site: Site, hashes: Sequence[str]) -> Mapping[str, str]:
    """Return the status of each of these hashes that is a subscription of this site, in one query."""
    query = _of_site(site).where(Subscription.subscriber_hash.in_(filter(is_subscriber_hash, hashes)))
    return {row.subscriber_hash: row.status for row in session.scalars(query)}


def list_profile_subscriptions(
    session: Session, site: Site, profile: Profile, *, limit: int, after: int = 0
) -> SubscriptionPage:
    """Return the site's own subscriptions that are or were bound to a profile, those bound first at the beginning.

    `after` is the key that the page before ended with.
    """
    query = (
        select(Enrollment, Subscription)
        .join(Subscription, Subscription.id == Enrollment.subscription_id)
        .where(Enrollment.profile_id == profile.id, Enrollment.id > after)
        .where(Subscription.site_id == site.id, Subscription.status != SubscriptionStatus.ERASED)
    )
    rows = session.execute(query.order_by(Enrollment.id).limit(limit + 1)).all()
    return SubscriptionPage(rows[:limit], str(rows[limit - 1][0].id) if len(rows) > limit else None)


def attach_subscriber(
    session: Session,
    subscription: Subscription,
    profile: Profile,
    now: datetime,
    *,
    exclusive: bool = True,
    status: EnrollmentStatus | None = None,
) -> Enrollment:
    """Bind a locked subscription to a profile by the back end's word, with a status if one is given.

    Raises:
        Conflict: `opted_out`, the status would weaken what the visitor said. Roll back.
        NotFound: `profile_not_found`, it was erased or merged meanwhile.
    """
    enrollment = attach(session, subscription, profile, now, exclusive=exclusive)
    if status is not None:
        set_status(session, enrollment, status, now)
    return enrollment


def detach_subscriber(session: Session, subscription: Subscription, profile: Profile, now: datetime) -> Enrollment:
    """Leave a profile; doing it again changes nothing.

    Raises:
        NotFound: `enrollment_not_found`, the subscription never was at this profile.
    """
    query = select(Enrollment).where(Enrollment.subscription_id == subscription.id)
    enrollment = session.scalars(query.where(Enrollment.profile_id == profile.id)).one_or_none()
    if enrollment is None:
        raise NotFound("enrollment_not_found", "This subscriber never was at this profile.")
    if enrollment.left_at is None:
        detach_from(session, subscription, profile, now)
    return enrollment


def _of_site(site: Site) -> Select[Subscription]:
    return select(Subscription).where(Subscription.site_id == site.id, Subscription.status != SubscriptionStatus.ERASED)
