"""Binds one subscription to one profile, which may be the anonymous one of its browser."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from sitebell.models import BoundBy, Enrollment, EnrollmentStatus, Profile, Subscription, SuspendedBy
from sitebell.services.binding.crowding import push_out_oldest
from sitebell.services.binding.enrollments import is_unconfirmed, leave
from sitebell.services.binding.holding import Arrival, Holds, find_holds, is_open
from sitebell.services.binding.known import is_known, is_nobodys
from sitebell.services.locks import lock_profile
from sitebell.services.matching import Match, clear_profile, make_profile
from sitebell.services.profiles.standing import ENDED, has_backend_ended


@dataclass(frozen=True)
class Binder:
    """Binds one locked subscription, at one moment.

    Attributes:
        is_explicit: its visitor asked to subscribe just now.
        matches: by each of these the person it is bound to is found in other databases.
        is_first: the subscription was never bound before this call, so nothing can come along or be left.
    """

    session: Session
    subscription: Subscription
    now: datetime
    _: KW_ONLY
    is_explicit: bool = False
    matches: Sequence[Match] = ()
    is_first: bool = False

    def bind(self, profile: Profile, bound_by: BoundBy, *, exclusive: bool, is_anonymous: bool = False) -> Enrollment:
        """Bind to a profile; only suspensions by rebind are lifted by it, and opt-outs by an explicit wish.

        An address that waits for its owner's confirmation goes on waiting, whoever binds it to whomever. So does what
        holds the subscription back, which comes along to a profile where it was not present.
        """
        holds = self._find_holds(profile, is_anonymous=is_anonymous)
        if exclusive and not self.is_first:
            others = (Enrollment.database_id == profile.database_id) & (Enrollment.profile_id != profile.id)
            leave(self.session, self.subscription, others, self.now)
        row = self._find_or_add(profile, bound_by)
        is_new = row.id is None or row.left_at is not None
        is_lifted = self.is_explicit and row.status in ENDED
        if row.suspended_by in (SuspendedBy.REBIND, SuspendedBy.CROWD):
            row.status, row.suspended_by = EnrollmentStatus.SUBSCRIBED, None
        if is_lifted:
            row.status = EnrollmentStatus.SUBSCRIBED  # what the operator has suspended beneath it is put on again
        row.ended_by_backend = has_backend_ended(row)
        words = [bound_by] if row.left_at is not None else [BoundBy(row.bound_by), bound_by]
        row.bound_by = max(words, key=list(BoundBy).index)  # a proof holds until somebody else was here
        row.is_anonymous, row.left_at = is_anonymous, None
        row.bound_at = row.updated_at = self.now
        if is_new or is_lifted:
            holds.put_on(row)
        if is_open(row) and is_unconfirmed(self.session, self.subscription):
            row.status = EnrollmentStatus.UNCONFIRMED
        self.session.flush()
        if not is_anonymous:  # that profile has one browser
            push_out_oldest(self.session, self.subscription, row, self.now)
        return row

    def bind_anonymously(self, database_id: int) -> Enrollment:
        """Bind to this browser's anonymous profile: there is one, however often people log in and out."""
        known = None if self.is_first else self._lock_anonymous(database_id)
        if known is None:
            profile = make_profile(self.session, database_id, self.now)
        else:
            profile = self.session.get_one(Profile, known.profile_id)
            if known.left_at is not None:  # who wrote there before is not known to be who comes now
                clear_profile(self.session, profile)
        return self.bind(profile, BoundBy.OPEN, exclusive=True, is_anonymous=True)

    def make_anonymous(self, database_id: int) -> None:
        """Leave whoever is known here; a browser that stands with its anonymous profile alone keeps what it wrote."""
        if not is_nobodys(self.session, self.subscription, database_id):
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
            .where(Enrollment.subscription_id == self.subscription.id, Enrollment.database_id == database_id)
            .where(~is_known(), ~is_shared)
        )
        return self.session.scalars(query.order_by(Enrollment.id).limit(1)).first()

    def _find_holds(self, profile: Profile, *, is_anonymous: bool) -> Holds:
        if self.is_first:
            return Holds()
        arrival = Arrival(
            profile=profile, matches=self.matches, is_anonymous=is_anonymous, is_explicit=self.is_explicit
        )
        return find_holds(self.session, self.subscription, arrival)

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
