"""Binds one subscription to one profile, which may be the anonymous one of its browser."""

from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from sitebell.models import BoundBy, Enrollment, EnrollmentStatus, Profile, ProfilePhone, Subscription, SuspendedBy
from sitebell.services.binding.crowding import leave_oldest_browsers
from sitebell.services.binding.enrollments import is_unconfirmed, leave, present_enrollment
from sitebell.services.binding.holding import find_hold
from sitebell.services.locks import lock_profile
from sitebell.services.matching import clear_profile, make_profile

ENDED = (EnrollmentStatus.UNSUBSCRIBED, EnrollmentStatus.COMPLAINED)

NAMELESS = (
    Profile.external_id.is_(None) & Profile.email.is_(None) & ~exists().where(ProfilePhone.profile_id == Profile.id)
)


@dataclass(frozen=True)
class Binder:
    """Binds one locked subscription, at one moment; `is_explicit`: its visitor asked to subscribe just now."""

    session: Session
    subscription: Subscription
    now: datetime
    _: KW_ONLY
    is_explicit: bool = False

    def bind(self, profile: Profile, bound_by: BoundBy, *, exclusive: bool, is_anonymous: bool = False) -> Enrollment:
        """Bind to a profile; only suspensions by rebind are lifted by it, and opt-outs by an explicit wish.

        An address that waits for its owner's confirmation goes on waiting, whoever binds it to whomever. So does what
        holds the subscription back, which comes along to a profile where it was not present.
        """
        hold = find_hold(self.session, self.subscription, profile.database_id)
        before = present_enrollment(self.session, self.subscription, profile.database_id)
        if exclusive:
            others = (Enrollment.database_id == profile.database_id) & (Enrollment.profile_id != profile.id)
            leave(self.session, self.subscription, others, self.now)
        row = self._find_or_add(profile, bound_by)
        if row.suspended_by == SuspendedBy.REBIND or (self.is_explicit and row.status in ENDED):
            row.status, row.suspended_by = EnrollmentStatus.SUBSCRIBED, None
        is_present = row.id is not None and row.left_at is None
        words = [bound_by] if row.left_at is not None else [BoundBy(row.bound_by), bound_by]
        row.bound_by = max(words, key=list(BoundBy).index)  # a proof holds until somebody else was here
        row.is_anonymous, row.left_at = is_anonymous, None
        row.bound_at = row.updated_at = self.now
        if before is not None and not self.is_explicit and self._has_refused(before, row):
            row.status, row.suspended_by = before.status, before.suspended_by
            row.suspended_until = before.suspended_until
        if row.status == EnrollmentStatus.SUBSCRIBED and hold is not None and not is_present:
            row.status, row.suspended_by = hold.status, hold.suspended_by
        if row.status == EnrollmentStatus.SUBSCRIBED and is_unconfirmed(self.session, self.subscription):
            row.status = EnrollmentStatus.UNCONFIRMED
        self.session.flush()
        leave_oldest_browsers(self.session, self.subscription, row, self.now)
        return row

    def bind_anonymously(self, database_id: int) -> Enrollment:
        """Bind to this browser's anonymous profile: there is one, however often people log in and out."""
        known = self._lock_anonymous(database_id)
        if known is None:
            profile = make_profile(self.session, database_id, self.now)
        else:
            profile = self.session.get_one(Profile, known.profile_id)
            if known.left_at is not None:  # who wrote there before is not known to be who comes now
                clear_profile(self.session, profile)
        return self.bind(profile, BoundBy.OPEN, exclusive=True, is_anonymous=True)

    def make_anonymous(self, database_id: int) -> None:
        """Leave whoever is known here; a browser that stands with its anonymous profile alone keeps what it wrote."""
        query = select(Enrollment.is_anonymous & NAMELESS).where(
            Enrollment.subscription_id == self.subscription.id,
            Enrollment.database_id == database_id,
            Enrollment.left_at.is_(None),
            Profile.id == Enrollment.profile_id,
        )
        if set(self.session.scalars(query)) != {True}:
            self.bind_anonymously(database_id)

    def _lock_anonymous(self, database_id: int) -> Enrollment | None:
        """Find the browser's own anonymous profile, unless a back end gave it a name before it was locked."""
        known = self._find_anonymous(database_id)
        if known is None or not lock_profile(self.session, self.session.get_one(Profile, known.profile_id)):
            return None
        return self._find_anonymous(database_id)

    def _find_anonymous(self, database_id: int) -> Enrollment | None:
        """Find the browser's own anonymous profile, unless it has become somebody's, or another browser's too."""
        other = aliased(Enrollment)
        is_shared = exists().where(
            other.profile_id == Enrollment.profile_id, other.subscription_id != self.subscription.id
        )
        query = (
            select(Enrollment)
            .join(Profile, Profile.id == Enrollment.profile_id)
            .where(Enrollment.subscription_id == self.subscription.id, Enrollment.database_id == database_id)
            .where(Enrollment.is_anonymous, NAMELESS, ~is_shared)
        )
        return self.session.scalars(query.order_by(Enrollment.id).limit(1)).first()

    def _has_refused(self, before: Enrollment, row: Enrollment) -> bool:
        """Say whether a pause or an opt-out holds on at login or logout: it is the same visitor, known or not.

        Between two known persons nothing is taken over, and so not what the first of them left to the anonymous
        profile at logout.
        """
        refused = (Enrollment.suspended_by == SuspendedBy.VISITOR) | Enrollment.status.in_(ENDED)
        if row.status != EnrollmentStatus.SUBSCRIBED or not (before.is_anonymous or row.is_anonymous):
            return False
        if before.suspended_by != SuspendedBy.VISITOR and before.status not in ENDED:
            return False
        of_somebody_else = select(Enrollment.id).where(
            Enrollment.subscription_id == self.subscription.id,
            Enrollment.database_id == row.database_id,
            Enrollment.profile_id.not_in((before.profile_id, row.profile_id)),
            Enrollment.left_at.is_not(None),
            refused,
        )
        return row.is_anonymous or self.session.scalars(of_somebody_else.limit(1)).first() is None

    def _find_or_add(self, profile: Profile, bound_by: BoundBy) -> Enrollment:
        query = select(Enrollment).where(Enrollment.subscription_id == self.subscription.id)
        row = self.session.scalars(query.where(Enrollment.profile_id == profile.id)).one_or_none()
        if row is None:
            row = Enrollment(
                subscription_id=self.subscription.id,
                profile_id=profile.id,
                database_id=profile.database_id,
                status=EnrollmentStatus.SUBSCRIBED,
                bound_by=bound_by,
                created_at=self.now,
            )
            self.session.add(row)
        return row
