"""Binds a subscription to profiles: one row for each database, of which one may fail while the others succeed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid, NotFound, SitebellError
from sitebell.models import PROVEN, BoundBy, Enrollment, Profile, ProfilePhone, Site, Subscription
from sitebell.services.binding.binder import Binder
from sitebell.services.binding.enrollments import (
    EnrollmentResult,
    bound_databases,
    leave,
    list_enrollments,
    note_token,
    present_enrollment,
    result_of,
    resume_due,
    suspended_in,
)
from sitebell.services.binding.holding import find_moved
from sitebell.services.databases import list_database_ids
from sitebell.services.fields.updates import check_pages_words, update_fields
from sitebell.services.identity.strictness import is_signed
from sitebell.services.locks import PROFILE_GONE, lock_profile
from sitebell.services.matching import NO_MATCH, Match, find_or_create_profile
from sitebell.services.profiles.standing import is_held
from sitebell.services.tags import NO_TAGS, TagChange, change_tags

NO_DATABASE = "This site has no database of profiles: link one with `sitebell databases link`."
UNPROVED = "No token has proved whose browser this is, so it writes nothing about them: send one as identity."
NO_PROFILE = "In this database the browser belongs to nobody now: bind it with a match, then write fields."


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """Who a subscription is said to belong to, and what is to be written about them.

    Attributes:
        match: by what the profile is found or made; without it the subscription decides.
        database_ids: the databases to work in; None means all of the site.
        fields: changes as `update_fields` takes them.
        tags: labels to put on the profile and to take away.
        exclusive: suspend this subscription's enrollments at other profiles.
        reaches_further: being exclusive also leaves the databases that are not in `database_ids`.
        bound_by: whose word this is.
        token_issued_at: the `iat` of the token that says it.
    """

    match: Match = NO_MATCH
    database_ids: Sequence[int] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    tags: TagChange = NO_TAGS
    exclusive: bool = True
    reaches_further: bool = True
    bound_by: BoundBy = BoundBy.OPEN
    token_issued_at: datetime | None = None

    @property
    def leaves_the_rest(self) -> bool:
        """Whether the databases that are not asked for are left."""
        return self.exclusive and self.reaches_further and not self.match.is_empty


def enroll(
    session: Session,
    site: Site,
    subscription: Subscription,
    introduction: Introduction,
    *,
    is_explicit: bool,
    now: datetime,
) -> list[EnrollmentResult]:
    """Bind a locked subscription to a profile in each database asked for; return a result for each.

    An exclusive match suspends the subscription's other enrollments: those in the same database, and all in databases
    that were not asked for. `is_explicit`, a wish to subscribe, alone lifts unsubscribed and complained. Without it and
    without a match nothing begins, unless the browser stands nowhere: a visit undoes no earlier choice of databases.

    Raises:
        Conflict: `no_database`, the site is linked to none.
        Invalid: `unknown_database`, one of `database_ids` is not linked to the site; or a match that cannot be read.
    """
    chosen = _choose(list_database_ids(session, site), introduction.database_ids)
    match, bound = introduction.match.normalised(), bound_databases(session, subscription)
    resume_due(session, now, subscription)
    binder = Binder(session, subscription, now, is_explicit=is_explicit, matches=(match,), is_first=not bound)
    if match.is_empty and introduction.database_ids is None and not is_explicit:
        chosen = sorted(bound.intersection(chosen)) or chosen
    results = [_try_to_enroll(binder, database_id, match, introduction) for database_id in chosen]
    if introduction.leaves_the_rest and any(result.error is None for result in results):
        moved = find_moved(session, subscription, chosen, match)
        leave(session, subscription, Enrollment.database_id.not_in(chosen), now, moved=moved)
    return results


def enroll_somewhere(
    session: Session, site: Site, subscription: Subscription, introduction: Introduction, now: datetime
) -> None:
    """Do what `enroll` does for a caller who is answered once: it has failed when every database refused.

    Raises:
        SitebellError: as `enroll` raises it, or what the first database said. Roll back.
    """
    results = enroll(session, site, subscription, introduction, is_explicit=False, now=now)
    if results[0].error is not None and all(result.error is not None for result in results):
        raise results[0].error


def detach(session: Session, site: Site, subscription: Subscription, now: datetime) -> list[EnrollmentResult]:
    """Log out: leave every profile, and stand with the one anonymous profile of this browser in each database."""
    binder = Binder(session, subscription, now)
    linked = list_database_ids(session, site)
    for database_id in sorted(bound_databases(session, subscription).intersection(linked)):
        binder.make_anonymous(database_id)
    leave(session, subscription, Enrollment.database_id.not_in(linked), now)
    return list_enrollments(session, site, subscription)


def attach(
    session: Session,
    subscription: Subscription,
    profile: Profile,
    now: datetime,
    *,
    exclusive: bool,
    bound_by: BoundBy = BoundBy.BACKEND,
) -> Enrollment:
    """Bind a locked subscription to a profile by the back end's word.

    Exclusive reaches no further than the profile's own database: a back end that names one profile in each of several
    databases means all of them. The visitor's opt-outs and pauses stay.

    Raises:
        NotFound: `profile_not_found`, it was erased or merged meanwhile.
    """
    if not lock_profile(session, profile):
        raise NotFound("profile_not_found", PROFILE_GONE)
    binder = Binder(session, subscription, now, matches=_names_of(session, profile))
    return binder.bind(profile, bound_by, exclusive=exclusive)


def _names_of(session: Session, profile: Profile) -> list[Match]:
    """Return by what a person is known: whoever has one of these in another database is taken to be the same."""
    phones = session.scalars(select(ProfilePhone.phone).where(ProfilePhone.profile_id == profile.id)).all()
    names = Match(external_id=profile.external_id, email=profile.email)
    return [names, *(Match(external_id=profile.external_id, phone=phone) for phone in phones)]


def detach_from(session: Session, subscription: Subscription, profile: Profile, now: datetime) -> None:
    """Leave one profile; if the browser is nobody's in that database then, it stands with its anonymous profile."""
    others = (Enrollment.database_id == profile.database_id, Enrollment.profile_id != profile.id)
    query = select(Enrollment.id).where(Enrollment.subscription_id == subscription.id, *others)
    if session.scalars(query.where(Enrollment.left_at.is_(None)).limit(1)).first() is None:
        Binder(session, subscription, now).bind_anonymously(profile.database_id)
    else:
        leave(session, subscription, Enrollment.profile_id == profile.id, now)


def _try_to_enroll(binder: Binder, database_id: int, match: Match, introduction: Introduction) -> EnrollmentResult:
    """Do all of it in one database, or nothing."""
    try:
        with binder.session.begin_nested():
            return _enroll(binder, database_id, match, introduction)
    except SitebellError as error:
        if error.status >= 500:  # a fault of ours and of the moment: the whole call is to be made again
            raise
        return EnrollmentResult(database_id, None, "error", error)


def _enroll(binder: Binder, database_id: int, match: Match, introduction: Introduction) -> EnrollmentResult:
    session, now = binder.session, binder.now
    if introduction.bound_by not in (BoundBy.BACKEND, BoundBy.IMPORT):
        check_pages_words({*introduction.fields, *(match.custom or ())[:1]})
    if match.is_empty:
        enrollment = _by_subscription(binder, database_id)
    else:
        profile, _ = find_or_create_profile(session, database_id, match, now)
        if introduction.bound_by == BoundBy.SIGNED and profile.external_id is None:
            profile.external_id = match.external_id  # found by e-mail or phone; the site's back end says who it is
        enrollment = binder.bind(profile, introduction.bound_by, exclusive=introduction.exclusive)
        note_token(session, enrollment, introduction.token_issued_at)
    if enrollment is None:
        if introduction.fields or introduction.tags != NO_TAGS:
            raise Conflict("no_profile", NO_PROFILE)
        return suspended_in(database_id)
    _check_may_write(binder, enrollment, introduction)
    profile = session.get_one(Profile, enrollment.profile_id)
    update_fields(session, profile, introduction.fields, now, clips=True)
    tags = introduction.tags
    change_tags(session, profile, tags.add, tags.remove, now, ends=tags.ends(now), clips=True)
    return result_of(session, binder.subscription, enrollment)


def _check_may_write(binder: Binder, enrollment: Enrollment, introduction: Introduction) -> None:
    """Keep a page of a signed site from writing to somebody whose browser this was merely claimed to be (SEC-22)."""
    is_unproved = enrollment.bound_by not in PROVEN and not enrollment.is_anonymous
    is_pages_word = introduction.bound_by not in (BoundBy.BACKEND, BoundBy.IMPORT)
    says_something = bool(introduction.fields) or not introduction.tags.is_empty
    if is_unproved and is_pages_word and says_something and is_signed(binder.session, binder.subscription.site_id):
        raise Invalid("identity_required", UNPROVED)


def _by_subscription(binder: Binder, database_id: int) -> Enrollment | None:
    """Return the present enrollment; a paused or ended one is not lifted, but a wish to subscribe starts anew.

    Not so where the operator or a faulty address holds the browser back: that would come along.

    Where another database's profile took the place of all of them a visit changes nothing: None.
    """
    present = present_enrollment(binder.session, binder.subscription, database_id)
    if present is not None and (present.seems_subscribed or is_held(present) or not binder.is_explicit):
        return present
    if not binder.is_explicit and database_id in bound_databases(binder.session, binder.subscription):
        return None
    return binder.bind_anonymously(database_id)


def _choose(linked: Sequence[int], wanted: Sequence[int] | None) -> list[int]:
    if not linked:
        raise Conflict("no_database", NO_DATABASE)
    unknown = sorted(set(wanted or ()) - set(linked))
    if unknown or wanted == []:
        raise Invalid("unknown_database", "Name databases that are linked to this site.", {"database_ids": unknown})
    return [database_id for database_id in linked if wanted is None or database_id in wanted]
