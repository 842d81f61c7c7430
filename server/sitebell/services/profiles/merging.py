"""Makes one profile of two that turned out to be the same person."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sitebell.db import QUIET
from sitebell.errors import Invalid
from sitebell.models import (
    PAUSED,
    STOPPED,
    BoundBy,
    Delivery,
    Enrollment,
    FieldValue,
    Profile,
    ProfilePhone,
    ProfileTag,
    SuspendedBy,
)
from sitebell.services.binding.crowding import push_out_crowd
from sitebell.services.fields.updates import update_fields
from sitebell.services.locks import lock_deliveries
from sitebell.services.profiles.addressing import redirect_messages
from sitebell.services.profiles.locking import lock_profiles
from sitebell.services.profiles.standing import has_backend_ended, says_visitors_no, strength
from sitebell.services.profiles.writing import enrollments_of_nobody, name_enrollments, prove_enrollments
from sitebell.services.tags import change_tags, list_tags
from sitebell.services.webhooks.forgetting import merge_profile


def merge_profiles(session: Session, target: Profile, source: Profile, now: datetime) -> None:
    """Move all of `source` into `target`, another profile of the same database; the source is gone then.

    The target's own external id, e-mail address and field values stay, its empty ones are filled. Phones and tags are
    united. Enrollments move and keep their ids, so what is planned for them still goes out; of two enrollments of one
    subscription the stronger no is kept.

    Raises:
        Invalid: `invalid_merge`, the same profile; `invalid_value` or `too_many_tags`, too many in all. Roll back.
    """
    if target.id == source.id:
        raise Invalid("invalid_merge", "A profile cannot be merged with itself.")
    lock_profiles(session, target, source)
    phones, tags = _phones(session, source), list_tags(session, source, now)
    redirect_messages(session, source, target)
    lock_deliveries(session, _common_browsers(session, target, source))
    merge_profile(session, source, target)
    _move_enrollments(session, target, source, now)
    _move_fields(session, target, source)
    external_id, email = target.external_id or source.external_id, target.email or source.email
    _delete(session, source)  # before its external id can be another's
    target.external_id, target.email, target.updated_at = external_id, email, now
    session.flush()
    if phones:
        update_fields(session, target, {"phones": {"add": phones}}, now)
    _add_tags(session, target, tags, now)
    name_enrollments(session, target)
    push_out_crowd(session, target.id, now)


def _delete(session: Session, source: Profile) -> None:
    for table in (ProfilePhone, ProfileTag):
        session.execute(delete(table).where(table.profile_id == source.id), execution_options=QUIET)
    session.delete(source)
    session.flush()


def _add_tags(session: Session, target: Profile, tags: Mapping[str, datetime | None], now: datetime) -> None:
    ends = {tag: end for tag, end in tags.items() if end is not None}
    change_tags(session, target, list(tags), (), now, ends=ends)


def _phones(session: Session, profile: Profile) -> list[str]:
    query = select(ProfilePhone.phone).where(ProfilePhone.profile_id == profile.id)
    return list(session.scalars(query.order_by(ProfilePhone.position)))


def _move_fields(session: Session, target: Profile, source: Profile) -> None:
    filled = select(FieldValue.field_id).where(FieldValue.profile_id == target.id)
    of_source = FieldValue.profile_id == source.id
    session.execute(delete(FieldValue).where(of_source, FieldValue.field_id.in_(filled)), execution_options=QUIET)
    session.execute(update(FieldValue).where(of_source).values(profile_id=target.id), execution_options=QUIET)


def _move_enrollments(session: Session, target: Profile, source: Profile, now: datetime) -> None:
    prove_enrollments(session, enrollments_of_nobody(session, target, source))
    own = {row.subscription_id: row for row in _enrollments(session, target)}
    for row in _enrollments(session, source):
        kept = own.get(row.subscription_id)
        if kept is None:
            row.profile_id, row.updated_at = target.id, now
        else:
            _unite(session, kept, row, now)
    session.flush()


def _common_browsers(session: Session, target: Profile, source: Profile) -> list[int]:
    ids = [{row.subscription_id for row in _enrollments(session, profile)} for profile in (target, source)]
    return sorted(set.intersection(*ids))


def _enrollments(session: Session, profile: Profile) -> Iterable[Enrollment]:
    query = select(Enrollment).where(Enrollment.profile_id == profile.id).order_by(Enrollment.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _unite(session: Session, kept: Enrollment, other: Enrollment, now: datetime) -> None:
    """Make one of two enrollments of one subscription, and let what was planned for the other go to it."""
    present = [row for row in (kept, other) if row.left_at is None]
    said = [BoundBy(row.bound_by) for row in present or (kept, other)]
    decisive = max(kept, other, key=strength)
    is_of_visitor = says_visitors_no(kept) or says_visitors_no(other)
    cause = decisive.suspended_by
    if not {kept.suspended_by, other.suspended_by}.isdisjoint(STOPPED):  # beneath whatever else is said
        cause = SuspendedBy.BOTH if cause in PAUSED else SuspendedBy.OPERATOR
    until = _later_end(kept, other) if cause in PAUSED else None
    kept.status, kept.suspended_by, kept.suspended_until = decisive.status, cause, until
    kept.ended_by_backend = has_backend_ended(decisive) and not is_of_visitor
    kept.left_at = None if present else max(row.left_at for row in (kept, other) if row.left_at is not None)
    kept.bound_by = max(said, key=list(BoundBy).index)
    kept.bound_at, kept.created_at = max(kept.bound_at, other.bound_at), min(kept.created_at, other.created_at)
    kept.token_issued_at = max(filter(None, (kept.token_issued_at, other.token_issued_at)), default=None)
    kept.updated_at = now
    planned = (Delivery.subscription_id == kept.subscription_id, Delivery.enrollment_id == other.id)
    session.execute(update(Delivery).where(*planned).values(enrollment_id=kept.id), execution_options=QUIET)
    session.delete(other)


def _later_end(*enrollments: Enrollment) -> datetime | None:
    """Return when the last of the visitor's pauses ends; None when one of them ends only by `resume`."""
    ends = [row.suspended_until for row in enrollments if row.suspended_by in PAUSED]
    return None if None in ends else max(end for end in ends if end is not None)
