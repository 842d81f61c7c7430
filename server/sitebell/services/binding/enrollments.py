"""Where a subscription stands at profiles: looked at, paused and resumed, left."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select, true, update
from sqlalchemy.orm import Session

from sitebell.errors import SitebellError
from sitebell.models import (
    BoundBy,
    Enrollment,
    EnrollmentStatus,
    Profile,
    Site,
    Subscription,
    SubscriptionStatus,
    SuspendedBy,
)
from sitebell.services.sites import list_databases

LIFTED = {"status": EnrollmentStatus.SUBSCRIBED, "suspended_by": None, "suspended_until": None}
SUSPENDED_BY_REBIND = {"status": EnrollmentStatus.SUSPENDED, "suspended_by": SuspendedBy.REBIND}
PUBLIC_WORDS = (BoundBy.OPEN, BoundBy.SIGNED)
MAX_BROWSERS = 20  # of one person at one site


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
    linked = [database_id for database_id in list_databases(session, site) if database_id in known]
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
    """Return whose browser it is now: of those that were not left a subscribed one, and the one bound last."""
    query = select(Enrollment).where(
        Enrollment.subscription_id == subscription.id,
        Enrollment.database_id == database_id,
        Enrollment.left_at.is_(None),
    )
    is_subscribed = Enrollment.status == EnrollmentStatus.SUBSCRIBED
    order = (is_subscribed.desc(), Enrollment.bound_at.desc(), Enrollment.id.desc())
    return session.scalars(query.order_by(*order).limit(1)).first()


def leave(session: Session, subscription: Subscription, profiles: ColumnElement[bool], now: datetime) -> None:
    """Leave the profiles of a condition over `Enrollment`; what was subscribed there is suspended by rebind.

    What the visitor or the operator had suspended or ended stays so, for the day when it is bound again.
    """
    left = [Enrollment.subscription_id == subscription.id, profiles]
    _change_present(session, SUSPENDED_BY_REBIND, now, *left, Enrollment.status == EnrollmentStatus.SUBSCRIBED)
    _change_present(session, {"left_at": now}, now, *left)


def leave_oldest_browsers(session: Session, subscription: Subscription, enrollment: Enrollment, now: datetime) -> None:
    """Keep the newest browsers of a person that were bound through public routes by the same word (SEC-16).

    Nobody is told that a limit was reached: that would tell a stranger who claims an e-mail address how many browsers
    its owner has. A browser that was left here by mistake is bound again when its page identifies its visitor. What
    somebody proved is counted by itself, so that no number of claims pushes it out.
    """
    if enrollment.bound_by not in PUBLIC_WORDS:
        return
    receiving = (
        select(Enrollment.id)
        .join(Subscription, Subscription.id == Enrollment.subscription_id)
        .where(Enrollment.profile_id == enrollment.profile_id, Enrollment.status == EnrollmentStatus.SUBSCRIBED)
        .where(Enrollment.bound_by == enrollment.bound_by, Subscription.site_id == subscription.site_id)
        .where(Subscription.status == SubscriptionStatus.SUBSCRIBED)
        .order_by((Enrollment.id == enrollment.id).desc(), Enrollment.bound_at.desc(), Enrollment.id.desc())
    )
    oldest = Enrollment.id.in_(receiving.offset(MAX_BROWSERS))
    _change_present(session, SUSPENDED_BY_REBIND | {"left_at": now}, now, oldest)


def result_of(session: Session, subscription: Subscription, enrollment: Enrollment) -> EnrollmentResult:
    """Show an enrollment as it counts: nothing reaches it while the whole subscription is ended."""
    profile = session.get_one(Profile, enrollment.profile_id)
    is_ended = subscription.status == SubscriptionStatus.UNSUBSCRIBED
    status = EnrollmentStatus.UNSUBSCRIBED if is_ended else EnrollmentStatus(enrollment.status)
    return EnrollmentResult(enrollment.database_id, profile.public_id, status)


def pause(session: Session, subscription: Subscription, until: datetime | None, now: datetime) -> None:
    """Suspend by the visitor's wish, until `resume` or a moment; what the visitor paused before gets the new end."""
    pausable = (Enrollment.status == EnrollmentStatus.SUBSCRIBED) | (Enrollment.suspended_by == SuspendedBy.VISITOR)
    values = {"status": EnrollmentStatus.SUSPENDED, "suspended_by": SuspendedBy.VISITOR, "suspended_until": until}
    _change_present(session, values, now, Enrollment.subscription_id == subscription.id, pausable)


def suspend(session: Session, subscription: Subscription, now: datetime) -> None:
    """Suspend by the operator's wish; what the visitor paused or ended stays the visitor's to lift."""
    values = {"status": EnrollmentStatus.SUSPENDED, "suspended_by": SuspendedBy.OPERATOR}
    is_subscribed = Enrollment.status == EnrollmentStatus.SUBSCRIBED
    _change_present(session, values, now, Enrollment.subscription_id == subscription.id, is_subscribed)


def resume(
    session: Session, subscription: Subscription, now: datetime, *, cause: SuspendedBy = SuspendedBy.VISITOR
) -> None:
    """Lift the suspensions of one cause, which is the visitor's own pause unless told otherwise, and nothing else."""
    is_cause = Enrollment.suspended_by == cause
    _change_present(session, LIFTED, now, Enrollment.subscription_id == subscription.id, is_cause)


def resume_due(session: Session, now: datetime, subscription: Subscription | None = None) -> None:
    """End the visitors' pauses whose time has come, of one subscription or of all."""
    of_whom = true() if subscription is None else Enrollment.subscription_id == subscription.id
    _change_present(session, LIFTED, now, Enrollment.suspended_until <= now, of_whom)


def has_pauses_to_end(session: Session, now: datetime) -> bool:
    """Say whether `resume_due` would find any."""
    due = select(Enrollment.id).where(Enrollment.left_at.is_(None), Enrollment.suspended_until <= now)
    return session.scalar(select(exists(due))) or False


def _change_present(session: Session, values: dict[str, Any], now: datetime, *where: ColumnElement[bool]) -> None:
    statement = update(Enrollment).where(Enrollment.left_at.is_(None), *where).values(values | {"updated_at": now})
    session.execute(statement, execution_options={"synchronize_session": "fetch"})
