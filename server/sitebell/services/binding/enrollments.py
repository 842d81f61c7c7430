"""Where a subscription stands at profiles: looked at, paused and resumed, left."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from sitebell.errors import SitebellError
from sitebell.models import (
    Enrollment,
    EnrollmentStatus,
    Profile,
    Site,
    Subscription,
    SubscriptionStatus,
)
from sitebell.services.binding.changing import (
    add_pause,
    add_stop,
    end_pause,
    end_stop,
    leave_present,
    lift,
)
from sitebell.services.binding.crowding import push_out_surplus
from sitebell.services.binding.holding import stays_of_visitor
from sitebell.services.binding.known import is_known
from sitebell.services.databases import list_database_ids
from sitebell.services.locks import lock_subscriptions

_IS_WAITING = Enrollment.status == EnrollmentStatus.UNCONFIRMED
PAUSES_PER_STEP = 500


@dataclass(frozen=True)
class EnrollmentResult:
    """What became of one database: where the subscription stands there, or why it was left as it was.

    Without a profile the subscription is suspended there: all of them were left for a profile of another database.
    """

    database_id: int
    profile_id: str | None
    status: str
    error: SitebellError | None = None


def list_enrollments(session: Session, site: Site, subscription: Subscription) -> list[EnrollmentResult]:
    """Return where a subscription stands in each database of its site that it was ever bound in."""
    known = bound_databases(session, subscription)
    linked = [database_id for database_id in list_database_ids(session, site) if database_id in known]
    present = {database_id: present_enrollment(session, subscription, database_id) for database_id in linked}
    return [
        result_of(session, subscription, enrollment) if enrollment else suspended_in(database_id)
        for database_id, enrollment in present.items()
    ]


def bound_databases(session: Session, subscription: Subscription) -> set[int]:
    """Return the databases in which a subscription is bound, or was before it was left."""
    query = select(Enrollment.database_id).where(Enrollment.subscription_id == subscription.id)
    return set(session.scalars(query.distinct()))


def suspended_in(database_id: int) -> EnrollmentResult:
    """Show a database in which every profile of the subscription was left."""
    return EnrollmentResult(database_id, None, EnrollmentStatus.SUSPENDED)


def present_enrollment(session: Session, subscription: Subscription, database_id: int) -> Enrollment | None:
    """Return whose browser it is to its page: of those that were not left a subscribed one, and the one bound last."""
    query = select(Enrollment).where(
        Enrollment.subscription_id == subscription.id,
        Enrollment.database_id == database_id,
        Enrollment.left_at.is_(None),
    )
    order = (Enrollment.seems_subscribed.desc(), Enrollment.bound_at.desc(), Enrollment.id.desc())
    return session.scalars(query.order_by(*order).limit(1)).first()


def present_statuses(session: Session, subscription: Subscription) -> set[str]:
    """Return how a subscription stands at the profiles that it was not left at, in whatever database."""
    query = select(Enrollment.status).where(Enrollment.subscription_id == subscription.id)
    return set(session.scalars(query.where(Enrollment.left_at.is_(None)).distinct()))


def is_unconfirmed(session: Session, subscription: Subscription) -> bool:
    """Say whether an address waits for its owner's confirmation; it does so also after it was bound to others.

    A browser never does: it may be unconfirmed at one profile, by the word of that profile's back end.
    """
    if subscription.channel == "web":
        return False
    waiting = exists().where(Enrollment.subscription_id == subscription.id, _IS_WAITING)
    return session.scalar(select(waiting)) or False


def end_waiting(session: Session, subscription: Subscription, now: datetime) -> None:
    """Subscribe an address where it waits for a confirmation; where it was left meanwhile, binding back does that.

    Where the operator has suspended it, it is suspended.
    """
    lift(session, now, Enrollment.subscription_id == subscription.id, _IS_WAITING)


def note_token(session: Session, enrollment: Enrollment, issued_at: datetime | None) -> None:
    """Note the `iat` of a token that has bound an enrollment, if one has: when it is left, older ones count no more."""
    if issued_at is not None:
        enrollment.token_issued_at = max(issued_at, enrollment.token_issued_at or issued_at)
        session.flush()


def leave(
    session: Session,
    subscription: Subscription,
    profiles: ColumnElement[bool],
    now: datetime,
    *,
    moved: Collection[int] = (),
) -> None:
    """Leave the profiles of a condition over `Enrollment`; what was subscribed there is suspended by rebind.

    What the visitor or the operator had suspended or ended stays so, for the day when it is bound again; but a pause
    does not stay with the anonymous profile, since its visitor goes, nor at the `moved` enrollments, whose pauses came
    along.
    """
    ended = or_(~is_known(), Enrollment.id.in_(moved))
    leave_present(session, ended, now, Enrollment.subscription_id == subscription.id, profiles)


def result_of(session: Session, subscription: Subscription, enrollment: Enrollment) -> EnrollmentResult:
    """Show an enrollment to its page: nothing reaches it while the whole subscription is ended."""
    profile = session.get_one(Profile, enrollment.profile_id)
    is_ended = subscription.status == SubscriptionStatus.UNSUBSCRIBED
    status = EnrollmentStatus.UNSUBSCRIBED if is_ended else shown_status(enrollment)
    return EnrollmentResult(enrollment.database_id, profile.public_id, status)


def shown_status(enrollment: Enrollment) -> EnrollmentStatus:
    """Return the status as a page is told it, which learns nothing of other browsers of the person (SEC-15)."""
    return EnrollmentStatus.SUBSCRIBED if enrollment.seems_subscribed else EnrollmentStatus(enrollment.status)


def pause(session: Session, subscription: Subscription, until: datetime | None, now: datetime) -> None:
    """Suspend by the visitor's wish, until `resume` or a moment; what the visitor paused before gets the new end."""
    add_pause(session, until, now, Enrollment.subscription_id == subscription.id, Enrollment.left_at.is_(None))


def suspend(session: Session, subscription: Subscription, now: datetime) -> None:
    """Suspend by the operator's wish, also beneath the visitor's pause or opt-out, which stay as they are."""
    add_stop(session, now, Enrollment.subscription_id == subscription.id, Enrollment.left_at.is_(None))


def resume(session: Session, subscription: Subscription, now: datetime) -> None:
    """End the pause of whoever is at the browser, and no other suspension."""
    end_pause(session, now, Enrollment.subscription_id == subscription.id, stays_of_visitor())
    push_out_surplus(session, [subscription.id], now)


def lift_suspension(session: Session, subscription: Subscription, now: datetime) -> None:
    """Lift the operator's suspension wherever a subscription took it, and no pause."""
    end_stop(session, now, Enrollment.subscription_id == subscription.id)
    push_out_surplus(session, [subscription.id], now)


def resume_due(session: Session, now: datetime, subscription: Subscription) -> None:
    """End the pauses of a locked subscription's visitor whose time has come."""
    is_due = exists().where(Enrollment.subscription_id == subscription.id, Enrollment.suspended_until <= now)
    if session.scalar(select(is_due)):
        _end_pauses(session, now, [subscription.id])


def resume_some(session: Session, now: datetime) -> bool:
    """End visitors' pauses whose time has come, those longest due first; True when there may be more of them.

    A step is bounded, and whoever speaks at this moment is left out: that call ends the pauses of its own browser.
    """
    due = select(Enrollment.subscription_id).where(Enrollment.suspended_until <= now)
    found = session.scalars(due.order_by(Enrollment.suspended_until).limit(PAUSES_PER_STEP)).all()
    locked = lock_subscriptions(session, Subscription.id.in_(found), are_free=True)
    _end_pauses(session, now, locked)
    return len(found) == PAUSES_PER_STEP


def has_pauses_to_end(session: Session, now: datetime) -> bool:
    """Say whether `resume_some` would find any."""
    return session.scalar(select(exists(select(Enrollment.id).where(Enrollment.suspended_until <= now)))) or False


def _end_pauses(session: Session, now: datetime, of_whom: Collection[int]) -> None:
    """End pauses that are over, also those of people who have left."""
    end_pause(session, now, Enrollment.suspended_until <= now, Enrollment.subscription_id.in_(of_whom))
    push_out_surplus(session, of_whom, now)
