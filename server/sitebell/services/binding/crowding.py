"""How many browsers of one person receive: the newest twenty at a site, of those bound by one public word (SEC-16).

Nobody is told that a limit was reached: that would tell a stranger who claims an e-mail address how many browsers its
owner has. A browser that was left here by mistake is bound again when its page identifies its visitor. Each word has a
pool of its own, so that no number of claims or of forwarded links pushes out a browser that was proved better.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from sitebell.models import BoundBy, Enrollment, EnrollmentStatus, Subscription, SubscriptionStatus
from sitebell.services.binding.changing import SUSPENDED_BY_REBIND, change_present
from sitebell.services.locks import lock_subscriptions

PUBLIC_WORDS = (BoundBy.OPEN, BoundBy.LINK, BoundBy.SIGNED)
MAX_BROWSERS = 20  # of one person at one site

_RECEIVES = (Enrollment.status == EnrollmentStatus.SUBSCRIBED) & (Subscription.status == SubscriptionStatus.SUBSCRIBED)


def leave_oldest_browsers(session: Session, subscription: Subscription, enrollment: Enrollment, now: datetime) -> None:
    """Keep the newest browsers of the person at whom a browser was bound just now; that one stays."""
    if enrollment.bound_by in PUBLIC_WORDS:
        pool = (enrollment.profile_id, enrollment.bound_by, subscription.site_id)
        _leave_oldest(session, *pool, {subscription.id}, now)


def leave_surplus(session: Session, subscription_ids: Collection[int], now: datetime) -> None:
    """Keep the newest browsers of each person at whom some locked subscriptions receive again; those come first."""
    back = aliased(Enrollment)
    theirs = select(back.profile_id).where(back.subscription_id.in_(subscription_ids), back.left_at.is_(None))
    crowded = (
        select(Enrollment.profile_id, Enrollment.bound_by, Subscription.site_id)
        .join(Subscription, Subscription.id == Enrollment.subscription_id)
        .where(_RECEIVES, Enrollment.profile_id.in_(theirs), Enrollment.bound_by.in_(PUBLIC_WORDS))
        .group_by(Enrollment.profile_id, Enrollment.bound_by, Subscription.site_id)
        .having(func.count() > MAX_BROWSERS)
    )
    for profile_id, bound_by, site_id in session.execute(crowded).all():
        _leave_oldest(session, profile_id, bound_by, site_id, subscription_ids, now)


def _leave_oldest(
    session: Session, profile_id: int, bound_by: str, site_id: int, first: Collection[int], now: datetime
) -> None:
    """Leave a person at all browsers of one pool but the newest, as which those of `first` count.

    One that somebody else has locked just now is left for the next time: nobody may wait for a browser while a profile
    is locked.
    """
    pool = (Enrollment.profile_id == profile_id, Enrollment.bound_by == bound_by)
    receiving = (
        select(Enrollment.subscription_id)
        .join(Subscription, Subscription.id == Enrollment.subscription_id)
        .where(*pool, _RECEIVES, Subscription.site_id == site_id)
        .order_by(Enrollment.subscription_id.in_(first).desc(), Enrollment.bound_at.desc(), Enrollment.id.desc())
    )
    oldest = session.scalars(receiving.offset(MAX_BROWSERS)).all()
    locked = lock_subscriptions(session, Subscription.id.in_(oldest), are_free=True)
    # Only what is subscribed, or a pause that was made meanwhile would be lost.
    change_present(
        session,
        SUSPENDED_BY_REBIND | {"left_at": now},
        now,
        *pool,
        Enrollment.subscription_id.in_(locked),
        Enrollment.status == EnrollmentStatus.SUBSCRIBED,
    )
