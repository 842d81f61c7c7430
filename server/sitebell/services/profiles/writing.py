"""Makes and changes profiles by the back end's word."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid, NotFound
from sitebell.models import BoundBy, Database, Enrollment, Profile
from sitebell.services.binding.known import is_known
from sitebell.services.fields.contact import normalise_email, normalise_phone
from sitebell.services.fields.updates import update_fields
from sitebell.services.locks import PROFILE_GONE, lock_profile, lock_profiles_by_id
from sitebell.services.matching import (
    Match,
    find_or_create_profile,
    find_profile,
    lock_identities,
    make_profile,
    names_in,
)
from sitebell.services.messages.names import give_ids_away, note_former_names
from sitebell.services.public_ids import is_profile_id
from sitebell.services.tags import NO_TAGS, TagChange, change_tags

CONTRADICTORY = (
    "Nobody is known by this match, and the values beside it are others: each call would make one more profile."
)


@dataclass(frozen=True, kw_only=True)
class ProfileChanges:
    """What to write into a profile.

    Attributes:
        external_id: the site's own id of the person; None takes it away.
        has_external_id: whether `external_id` is to be written at all.
        fields: as `update_fields` takes them; `email` and `phones` are among them.
        tags: which to put on and to take away.
    """

    external_id: str | None = None
    has_external_id: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    tags: TagChange = NO_TAGS


def create_profile(
    session: Session, database: Database, changes: ProfileChanges, now: datetime, *, public_id: str | None = None
) -> Profile:
    """Make a profile. Several may have the same e-mail address or phone number, one alone an external id.

    `public_id` adopts the id that another system used. Ids are unique in the whole installation, so that is for its
    operator: a site's own key could ask with it which ids others have.

    Raises:
        Conflict: `external_id_taken`; `profile_exists`, some profile has the adopted id.
        Invalid: `invalid_profile_id`, the adopted id is not 24 hex digits in lower case.
        Invalid: as `update_fields` and `change_tags` raise it. Roll back.
    """
    lock_identities(session, database.id, _identities(changes))
    adopted = {} if public_id is None else {"public_id": _check_free(session, public_id)}
    profile = make_profile(session, database.id, now, **adopted)
    _write(session, profile, changes, now)
    return profile


def update_profile(session: Session, profile: Profile, changes: ProfileChanges, now: datetime) -> None:
    """Change a profile; what is not named stays as it is.

    Raises:
        Conflict: `external_id_taken`, another profile of the database has it.
        Invalid: as `update_fields` and `change_tags` raise it. Roll back.
        NotFound: `profile_not_found`, it was erased or merged meanwhile.
    """
    lock_identities(session, profile.database_id, _identities(changes))
    if not lock_profile(session, profile):
        raise NotFound("profile_not_found", PROFILE_GONE)
    nobodys = enrollments_of_nobody(session, profile)
    if _write(session, profile, changes, now):
        prove_enrollments(session, nobodys)


def upsert_profile(
    session: Session, database: Database, match: Match, changes: ProfileChanges, now: datetime
) -> tuple[Profile, bool]:
    """Find or make the profile that a normalised match means, and write into it; return it and whether it is new.

    Who is found by an id that was lost in a merge keeps the own one when the changes say only the lost one again.
    The caller has locked whom it may find, with `lock_upserts`.

    Raises:
        NotFound: `profile_not_found`, a profile id is only ever found.
        Conflict: `external_id_taken`.
        Invalid: `contradictory_match`, the new profile is not found by its match, so the next call would make another;
            as `find_or_create_profile`, `update_fields` and `change_tags` raise it. Roll back.
    """
    profile, is_new = find_or_create_profile(session, database.id, match, now)
    nobodys = [] if match.profile_id is None else enrollments_of_nobody(session, profile)
    if _says_lost_id(profile, match, changes):
        changes = replace(changes, external_id=None, has_external_id=False)
    if _write(session, profile, changes, now):
        prove_enrollments(session, nobodys)
    if is_new and _touches(match, changes) and find_profile(session, database.id, match) is None:
        raise Invalid("contradictory_match", CONTRADICTORY)
    return profile, is_new


def lock_upserts(session: Session, database_id: int, upserts: Sequence[tuple[Match, ProfileChanges]]) -> None:
    """Lock whom all upserts of a transaction may find or make, in the order of `services/locks.py`.

    What cannot be used is passed over: its own upsert says so.
    """
    pairs, found = [], set()
    for match, changes in upserts:
        with suppress(Invalid):
            pairs += [*names_in(session, database_id, match), *_identities(changes)]
    lock_identities(session, database_id, pairs)
    for match, _ in upserts:
        with suppress(Invalid):
            profile = find_profile(session, database_id, match)
            found.update([] if profile is None else [profile.id])
    lock_profiles_by_id(session, found)


def _says_lost_id(profile: Profile, match: Match, changes: ProfileChanges) -> bool:
    """Say whether the changes repeat the id by which the match has found somebody who has another one by now."""
    says_again = changes.external_id is not None and changes.external_id == match.external_id
    return says_again and match.profile_id is None and profile.external_id not in (None, match.external_id)


def _touches(match: Match, changes: ProfileChanges) -> bool:
    names = {"email", "phones"} if match.custom is None else {"email", "phones", match.custom[0]}
    return changes.has_external_id or not names.isdisjoint(changes.fields)


def _check_free(session: Session, public_id: str) -> str:
    if not is_profile_id(public_id):
        raise Invalid("invalid_profile_id", "A profile's id has 24 hex digits, in lower case.")
    if session.scalar(select(Profile.id).where(Profile.public_id == public_id)) is not None:
        raise Conflict("profile_exists", f"There is a profile {public_id} already.")
    return public_id


def _identities(changes: ProfileChanges) -> Iterator[tuple[str, str]]:
    if changes.external_id is not None:
        yield "external_id", changes.external_id
    email, phones = changes.fields.get("email"), changes.fields.get("phones")
    if isinstance(email, str):
        yield "email", normalise_email(email)
    for phone in phones if isinstance(phones, list) else []:
        yield "phone", normalise_phone(phone)


def _write(session: Session, profile: Profile, changes: ProfileChanges, now: datetime) -> bool:
    """Write all of it, and say whether it names the profile."""
    if changes.has_external_id:
        _write_external_id(session, profile, changes.external_id, now)
    update_fields(session, profile, changes.fields, now)
    change_tags(session, profile, changes.tags.add, changes.tags.remove, now, ends=changes.tags.ends(now))
    names = bool(changes.external_id is not None or changes.fields.get("email") or changes.fields.get("phones"))
    if names:
        name_enrollments(session, profile)
    return names


def _write_external_id(session: Session, profile: Profile, external_id: str | None, now: datetime) -> None:
    if external_id is not None:
        mine = select(Profile.id).where(Profile.database_id == profile.database_id)
        owner = session.scalar(mine.where(Profile.external_id == external_id))
        if owner not in (None, profile.id):
            raise Conflict("external_id_taken", "Another profile of the database has this external id: merge them.")
        give_ids_away(session, profile.database_id, [external_id])
    session.refresh(profile, with_for_update=True)
    if external_id != profile.external_id:
        note_former_names(session, profile, [profile.external_id] if profile.external_id else [])
    profile.external_id, profile.updated_at = external_id, now
    session.flush()


def name_enrollments(session: Session, profile: Profile) -> None:
    """Note that a browser's anonymous profile has become a person's: a logout leaves it from now on."""
    anonymous = update(Enrollment).where(Enrollment.profile_id == profile.id, Enrollment.is_anonymous)
    session.execute(anonymous.values(is_anonymous=False), execution_options={"synchronize_session": "fetch"})


def enrollments_of_nobody(session: Session, *profiles: Profile) -> Sequence[int]:
    """Return the ids of the enrollments at which these locked profiles stand for their browser alone."""
    ids = [profile.id for profile in profiles]
    return session.scalars(select(Enrollment.id).where(Enrollment.profile_id.in_(ids), ~is_known())).all()


def prove_enrollments(session: Session, ids: Sequence[int]) -> None:
    """Note that the back end has said whose these browsers are: it called profiles by their ids that were nobody's.

    Who is found by a name or a value may be somebody who only claimed it; that proves nothing.
    """
    proved = update(Enrollment).where(Enrollment.id.in_(ids)).values(bound_by=BoundBy.BACKEND)
    session.execute(proved, execution_options={"synchronize_session": "fetch"})
