"""How strongly an enrollment says no, and who may take that back."""

from datetime import datetime

from sqlalchemy.orm import Session

from sitebell.errors import Conflict
from sitebell.models import STOPPED, Enrollment, EnrollmentStatus, SuspendedBy
from sitebell.services.binding.changing import add_stop, end_stop, lift

# From yes to the strongest no. A suspension by rebind only says that the browser was at somebody else's, and one by
# the crowd that there are newer ones.
STRENGTH: list[tuple[EnrollmentStatus, SuspendedBy | None]] = [
    (EnrollmentStatus.SUSPENDED, SuspendedBy.REBIND),
    (EnrollmentStatus.SUSPENDED, SuspendedBy.CROWD),
    (EnrollmentStatus.SUBSCRIBED, None),
    (EnrollmentStatus.SUSPENDED, SuspendedBy.OPERATOR),
    (EnrollmentStatus.UNCONFIRMED, None),
    (EnrollmentStatus.INVALID, None),
    (EnrollmentStatus.HARDBOUNCED, None),
    (EnrollmentStatus.SUSPENDED, SuspendedBy.VISITOR),
    (EnrollmentStatus.SUSPENDED, SuspendedBy.BOTH),
    (EnrollmentStatus.UNSUBSCRIBED, None),
    (EnrollmentStatus.COMPLAINED, None),
]
ENDED = (EnrollmentStatus.UNSUBSCRIBED, EnrollmentStatus.COMPLAINED)
_YES = STRENGTH.index((EnrollmentStatus.SUBSCRIBED, None))
_FIRST_OF_VISITOR = STRENGTH.index((EnrollmentStatus.SUSPENDED, SuspendedBy.VISITOR))
OPTED_OUT = "The visitor has paused, unsubscribed or complained here: only the visitor takes that back."


def strength(enrollment: Enrollment) -> int:
    """Return the place of an enrollment among all: the larger, the stronger the no."""
    status = EnrollmentStatus(enrollment.status)
    is_suspended = status == EnrollmentStatus.SUSPENDED
    return STRENGTH.index((status, SuspendedBy(enrollment.suspended_by or "operator") if is_suspended else None))


def is_held(enrollment: Enrollment) -> bool:
    """Say whether neither a rebind nor a wish to subscribe lifts a status: it is the operator's, or of the address."""
    return _YES < strength(enrollment) < _FIRST_OF_VISITOR or enrollment.suspended_by == SuspendedBy.BOTH


def set_status(session: Session, enrollment: Enrollment, status: EnrollmentStatus, now: datetime) -> None:
    """Set a status by the back end's word; subscribed lifts the operator's suspension, no other does.

    Suspended means by the operator: a pause goes on beneath it; an opt-out or a fault stays, with it beneath. What the
    back end itself has ended it may take back, unless a no of the visitor's was there before.

    Raises:
        Conflict: `opted_out`, it would weaken what the visitor said.
    """
    if status == EnrollmentStatus.SUSPENDED:
        add_stop(session, now, Enrollment.id == enrollment.id)
        session.refresh(enrollment)
        return
    before, after = strength(enrollment), STRENGTH.index((status, None))
    is_visitors = says_visitors_no(enrollment)
    if is_visitors and after < before:
        raise Conflict("opted_out", OPTED_OUT)
    says_yes = status == EnrollmentStatus.SUBSCRIBED
    if says_yes and (is_held(enrollment) or has_backend_ended(enrollment)):
        _lift_copy(session, enrollment, now)
    is_stopped = enrollment.suspended_by in STOPPED and not says_yes
    enrollment.status, enrollment.suspended_until = status, None
    enrollment.suspended_by = SuspendedBy.OPERATOR if is_stopped else None
    enrollment.ended_by_backend = status in ENDED and not is_visitors
    enrollment.updated_at = now
    session.flush()


def end_by_visitor(session: Session, enrollment: Enrollment, now: datetime) -> None:
    """End by the word of the visitor's own device: no back end takes that back, whoever said it first."""
    if enrollment.status not in ENDED:
        set_status(session, enrollment, EnrollmentStatus.UNSUBSCRIBED, now)
    enrollment.ended_by_backend = False


def says_visitors_no(enrollment: Enrollment) -> bool:
    """Say whether an enrollment is paused or ended, and not by the back end's word alone."""
    return strength(enrollment) >= _FIRST_OF_VISITOR and not has_backend_ended(enrollment)


def has_backend_ended(enrollment: Enrollment) -> bool:
    """Say whether an enrollment is ended, and by nobody's word but the back end's."""
    return enrollment.status in ENDED and enrollment.ended_by_backend


def _lift_copy(session: Session, enrollment: Enrollment, now: datetime) -> None:
    """Lift what the browser took along to its anonymous profile from the person of whom the back end says yes now."""
    copy = (
        Enrollment.subscription_id == enrollment.subscription_id,
        Enrollment.database_id == enrollment.database_id,
        Enrollment.id != enrollment.id,
        Enrollment.is_anonymous.is_(True),
    )
    if enrollment.suspended_by in STOPPED:
        end_stop(session, now, *copy)
    is_same = (Enrollment.status == enrollment.status, Enrollment.ended_by_backend == enrollment.ended_by_backend)
    lift(session, now, *copy, *is_same)
