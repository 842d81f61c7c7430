"""When a browser was a person's: what happened there in that time is theirs, and nothing else that is known of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.models import Enrollment, Profile, Site, Subscription, SubscriptionTopic, Topic
from sitebell.services.binding.known import is_known

BROWSERS_AT_ONCE = 500

Times = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Stay:
    """A person's time at one browser, `began` until `ended`.

    Attributes:
        enrollment: whose stay it is.
        subscription: where it is.
        site: the token of the browser's site.
        began: None where nobody else was known before: what an unknown visitor did is taken to be theirs.
        ended: when the person left; None for now.
        topics: those of the browser's topics that were chosen in this time, in the site's order.
    """

    enrollment: Enrollment
    subscription: Subscription
    site: str
    began: datetime | None
    ended: datetime | None
    topics: list[str] = field(default_factory=list)

    @property
    def is_all_theirs(self) -> bool:
        """Whether whatever is known of the browser is this person's."""
        return self.began is None and self.ended is None

    def covers(self, moment: datetime | None) -> bool:
        """Say whether something that happened at a moment, if it did, is this person's."""
        if moment is None:
            return False
        return (self.began is None or self.began <= moment) and (self.ended is None or moment < self.ended)


def read_stays(session: Session, profile: Profile, site: Site | None) -> Iterator[list[Stay]]:
    """Yield a person's stays at the browsers of a site, or of all, in pages; the same statements for each page."""
    query = (
        select(Enrollment, Subscription, Site.token)
        .join(Subscription, Subscription.id == Enrollment.subscription_id)
        .join(Site, Site.id == Subscription.site_id)
        .where(Enrollment.profile_id == profile.id)
    )
    if site is not None:
        query = query.where(Subscription.site_id == site.id)
    rows = session.execute(query.order_by(Enrollment.id).execution_options(yield_per=BROWSERS_AT_ONCE))
    for page in rows.partitions():
        browsers = [enrollment.subscription_id for enrollment, _, _ in page]
        others = _times_of_others(session, profile, browsers)
        stays = [Stay(*row, *_time(row[0], others.get(row[0].subscription_id, []))) for row in page]
        _add_topics(session, {stay.subscription.id: stay for stay in stays})
        yield stays


def sites_of_browsers(session: Session, profile: Profile) -> set[int]:
    """Return the sites at whose browsers a person is or was."""
    query = select(Subscription.site_id).join(Enrollment, Enrollment.subscription_id == Subscription.id)
    return set(session.scalars(query.where(Enrollment.profile_id == profile.id).distinct()))


def _times_of_others(session: Session, profile: Profile, browsers: Sequence[int]) -> dict[int, list[Times]]:
    """Return by browser when each other known person of the database first came and last left, None if they are there.

    In another database the same person has another profile.
    """
    query = select(Enrollment.subscription_id, Enrollment.created_at, Enrollment.left_at).where(
        Enrollment.subscription_id.in_(browsers),
        Enrollment.database_id == profile.database_id,
        Enrollment.profile_id != profile.id,
        is_known(),
    )
    found: dict[int, list[Times]] = {}
    for browser, came_at, left_at in session.execute(query):
        found.setdefault(browser, []).append((came_at, left_at))
    return found


def _time(enrollment: Enrollment, others: Sequence[Times]) -> tuple[datetime | None, datetime | None]:
    """Return from when and until when a browser was surely this person's: their last stay, since the others had left.

    Of others who came back later it is not known when they had left before: then it began at the last identification.
    """
    ended = enrollment.left_at
    departures = [left_at for came_at, left_at in others if ended is None or came_at < ended]
    if not departures:
        return None, ended
    began = max([enrollment.created_at, *(moment for moment in departures if moment is not None)])
    if ended is None:
        return began, None
    has_returned = any(moment is None or moment >= ended for moment in departures)
    return enrollment.bound_at if has_returned else min(began, enrollment.bound_at), ended


def _add_topics(session: Session, stays: dict[int, Stay]) -> None:
    query = (
        select(SubscriptionTopic.subscription_id, Topic.name, SubscriptionTopic.created_at)
        .join(Topic, Topic.id == SubscriptionTopic.topic_id)
        .where(SubscriptionTopic.subscription_id.in_(stays))
        .order_by(Topic.position, Topic.id)
    )
    for browser, name, chosen_at in session.execute(query):
        if stays[browser].covers(chosen_at):
            stays[browser].topics.append(name)
