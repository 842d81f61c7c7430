"""How many browsers of one person receive: the newest twenty at a site, of those bound by one public word (SEC-16).

No page is told that a limit was reached: that would tell a stranger who claims an e-mail address how many browsers its
owner has, and when they visit. So a browser that is pushed out stays where it is, goes on in every other way, and its
page is answered as before (`Enrollment.seems_subscribed`); only nothing is sent to it. It receives again when its page
identifies its visitor. Each word has a pool of its own, so that no number of claims or of forwarded links pushes out a
browser that was proved better.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from sitebell.models import BoundBy, Enrollment, EnrollmentStatus, Subscription, SubscriptionStatus, SuspendedBy
from sitebell.services.binding.changing import change_present
from sitebell.services.locks import lock_subscriptions

PUBLIC_WORDS = (BoundBy.OPEN, BoundBy.LINK, BoundBy.SIGNED)
MAX_BROWSERS = 20  # of one person at one site

_PUSHED_OUT = {"status": EnrollmentStatus.SUSPENDED, "suspended_by": SuspendedBy.CROWD}
_RECEIVES = (Enrollment.status == EnrollmentStatus.SUBSCRIBED) & (Subscription.status == SubscriptionStatus.SUBSCRIBED)


def push_out_oldest(session: Session, subscription: Subscription, enrollment: Enrollment, now: datetime) -> None:
    """Keep the newest browsers of the person at whom a browser was bound just now; that one stays."""
    if enrollment.bound_by in PUBLIC_WORDS:
        pool = (Enrollment.profile_id == enrollment.profile_id) & (Enrollment.bound_by == enrollment.bound_by)
        _push_out(session, pool & (Subscription.site_id == subscription.site_id), {subscription.id}, now)


def push_out_crowd(session: Session, profile_id: int, now: datetime) -> None:
    """Keep the newest browsers of a person to whom others' browsers have just come."""
    _push_out(session, (Enrollment.profile_id == profile_id) & Enrollment.bound_by.in_(PUBLIC_WORDS), (), now)


def push_out_surplus(session: Session, subscription_ids: Collection[int], now: datetime) -> None:
    """Keep the newest browsers of each person at whom some locked subscriptions receive again; those come first."""
    back = aliased(Enrollment)
    theirs = select(back.profile_id).where(back.subscription_id.in_(subscription_ids), back.left_at.is_(None))
    pools = Enrollment.profile_id.in_(theirs) & Enrollment.bound_by.in_(PUBLIC_WORDS)
    _push_out(session, pools, subscription_ids, now)


def _push_out(session: Session, pools: ColumnElement[bool], first: Collection[int], now: datetime) -> None:
    """Suspend in each pool all browsers but the newest, as which those of `first` count.

    The statements are the same whether or not there are any (SEC-15). One that somebody else has locked just now is
    left for the next time: nobody may wait for a browser while a profile is locked.
    """
    order = (Enrollment.subscription_id.in_(first).desc(), Enrollment.bound_at.desc(), Enrollment.id.desc())
    of_pool = (Enrollment.profile_id, Enrollment.bound_by, Subscription.site_id)
    place = func.row_number().over(partition_by=of_pool, order_by=order).label("place")
    receiving = select(Enrollment.id, Enrollment.subscription_id, place).join(
        Subscription, Subscription.id == Enrollment.subscription_id
    )
    ranked = receiving.where(_RECEIVES, pools).subquery()
    surplus = select(ranked.c.id, ranked.c.subscription_id).where(ranked.c.place > MAX_BROWSERS)
    oldest = dict(session.execute(surplus).all())
    locked = lock_subscriptions(session, Subscription.id.in_(oldest.values()), are_free=True)
    # Only what is subscribed, or a pause that was made meanwhile would be lost.
    is_free = Enrollment.id.in_(oldest) & Enrollment.subscription_id.in_(locked)
    change_present(session, _PUSHED_OUT, now, is_free, Enrollment.status == EnrollmentStatus.SUBSCRIBED)
