"""Finds the profile that somebody is meant by, in one database, or makes it."""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, delete, insert, select
from sqlalchemy.orm import Session

from sitebell.db import QUIET, serialise
from sitebell.errors import Invalid, NotFound, SitebellError
from sitebell.models import Field, FieldValue, Profile, ProfilePhone, ProfileTag
from sitebell.services.fields.contact import normalise_email, normalise_phone
from sitebell.services.fields.defining import OF_THE_DEVICE, fields_by_name
from sitebell.services.fields.updates import find_field
from sitebell.services.fields.values import Cell, column_of, to_cell, to_rows
from sitebell.services.locks import PROFILE_GONE, lock_profile
from sitebell.services.messages.names import who_lost_id

MOST_NAMESAKES = 100  # the oldest with a common value, among whom one without an external id is looked for
LOOKS = 10  # each more than the second means that somebody has just changed what was found


@dataclass(frozen=True, kw_only=True)
class Match:
    """By what a profile is found, in this order of precedence; `custom` is a field's name and a JSON value."""

    profile_id: str | None = None
    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    custom: tuple[str, Any] | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is given: then the subscription alone decides."""
        return self == NO_MATCH

    def normalised(self) -> "Match":
        """Return the match with e-mail and phone as they are stored.

        Raises:
            Invalid: `invalid_email` or `invalid_phone`.
        """
        return Match(
            profile_id=self.profile_id,
            external_id=self.external_id,
            email=None if self.email is None else normalise_email(self.email),
            phone=None if self.phone is None else normalise_phone(self.phone),
            custom=self.custom,
        )


NO_MATCH = Match()


def find_or_create_profile(session: Session, database_id: int, match: Match, now: datetime) -> tuple[Profile, bool]:
    """Return the profile that a normalised match finds in a database, and whether it is new.

    Each key is tried in its turn, an external id also as one that was lost in a merge; the oldest of several profiles
    with the same e-mail, phone or value is taken, but none that has another external id than the one given: that is
    somebody else, and behind a hundred of those nobody is looked for. A new profile gets the match values written into
    it. Known and unknown people cost the same statements (SEC-15).

    Raises:
        NotFound: `profile_not_found`, a profile id is only ever found.
        Invalid: `unknown_field` or `invalid_value`, the custom field does not exist or has another type.
        SitebellError: `database_unavailable`, others change these people faster than they can be locked.
    """
    custom = _custom_cell(session, database_id, match)
    lock_identities(session, database_id, _identities(match, custom))
    profile = _find_locked(session, database_id, match, custom)
    if match.profile_id is not None and (profile is None or profile.public_id != match.profile_id):
        raise NotFound("profile_not_found", PROFILE_GONE)
    if profile is None:
        return _create(session, database_id, match, custom, now), True
    _touch(session, profile, match, custom)
    return profile, False


def find_profile(session: Session, database_id: int, match: Match) -> Profile | None:
    """Return the profile that a normalised match finds in a database, without locking or making any.

    Raises:
        Invalid: `unknown_field` or `invalid_value`, the custom field does not exist or has another type.
    """
    return _find(session, database_id, match, _custom_cell(session, database_id, match))


def make_profile(session: Session, database_id: int, now: datetime, **values: Any) -> Profile:
    """Store a new profile; without values it is an anonymous one."""
    own = {"public_id": secrets.token_hex(12), "created_at": now, "updated_at": now}
    profile = Profile(database_id=database_id, **(own | values))
    session.add(profile)
    session.flush()
    return profile


def clear_profile(session: Session, profile: Profile) -> None:
    """Take away what somebody wrote into a profile; what is true of the device stays."""
    kept = select(Field.id).where(Field.database_id == profile.database_id, Field.name.in_(OF_THE_DEVICE))
    session.execute(
        delete(FieldValue).where(FieldValue.profile_id == profile.id, FieldValue.field_id.not_in(kept)),
        execution_options=QUIET,
    )
    for table in (ProfilePhone, ProfileTag):
        session.execute(delete(table).where(table.profile_id == profile.id))


def lock_identities(session: Session, database_id: int, identities: Iterable[tuple[str, str]]) -> None:
    """Keep others from finding or making profiles by these kinds and values until the transaction ends.

    Take all of a transaction's identities at once: one order for everybody, so nobody waits in a circle.
    """
    serialise(session, [_lock_name(database_id, kind, value) for kind, value in identities])


def names_in(session: Session, database_id: int, match: Match) -> list[tuple[str, str]]:
    """Return the kinds and values by which a normalised match finds people in a database; unusable ones find nobody."""
    try:
        custom = _custom_cell(session, database_id, match)
    except Invalid:
        custom = None
    return list(_identities(match, custom))


def name_of_value(field: Field, cell: Cell) -> tuple[str, str]:
    """Return the kind and the value by which somebody is found who has this in a field."""
    return f"field {field.id}", str(cell)


def _custom_cell(session: Session, database_id: int, match: Match) -> tuple[Field, Cell] | None:
    if match.custom is None:
        return None
    name, value = match.custom
    field = find_field(fields_by_name(session, database_id), name)
    return field, to_cell(field, value)


def _identities(match: Match, custom: tuple[Field, Cell] | None) -> Iterator[tuple[str, str]]:
    for kind in ("external_id", "email", "phone"):
        value = getattr(match, kind)
        if value is not None:
            yield kind, value
    if custom is not None:
        yield name_of_value(*custom)


def _lock_name(database_id: int, kind: str, value: str) -> int:
    digest = hashlib.sha256(f"{database_id}:{kind}:{value}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


def _find(session: Session, database_id: int, match: Match, custom: tuple[Field, Cell] | None) -> Profile | None:
    found = [session.scalars(query).first() for query in _lookups(database_id, match, custom)]
    return next((profile for profile in found if profile is not None), None)


def _find_locked(session: Session, database_id: int, match: Match, custom: tuple[Field, Cell] | None) -> Profile | None:
    """Return whom the match finds, and still finds now that the profile is locked.

    Between look and lock the profile may be erased, merged, or given another address: then it is somebody else.
    """
    found = _find(session, database_id, match, custom)
    for _ in range(LOOKS):
        is_locked = found is not None and lock_profile(session, found)
        again = _find(session, database_id, match, custom)
        if again is found and (is_locked or found is None):
            return found
        found = again
    raise SitebellError("database_unavailable", "Somebody else is changing this person: try again.", 503)


def _lookups(database_id: int, match: Match, custom: tuple[Field, Cell] | None) -> Iterator[Any]:
    mine = select(Profile).where(Profile.database_id == database_id)
    if match.profile_id is not None:
        yield mine.where(Profile.public_id == match.profile_id)
    if match.external_id is not None:
        yield mine.where(Profile.external_id == match.external_id)
        yield who_lost_id(database_id, match.external_id)
    for oldest in _owners(database_id, match, custom):
        yield oldest.limit(1) if match.external_id is None else select(Profile).where(Profile.id == nameless(oldest))


def _owners(database_id: int, match: Match, custom: tuple[Field, Cell] | None) -> Iterator[Select[*tuple[Any, ...]]]:
    if match.email is not None:
        is_theirs = (Profile.database_id == database_id) & (Profile.email == match.email)
        yield select(Profile).where(is_theirs).order_by(Profile.id)
    if match.phone is not None:
        owners = select(Profile).join(ProfilePhone, ProfilePhone.profile_id == Profile.id)
        is_theirs = (ProfilePhone.database_id == database_id) & (ProfilePhone.phone == match.phone)
        yield owners.where(is_theirs).order_by(ProfilePhone.profile_id)
    if custom is not None:
        owners = select(Profile).join(FieldValue, FieldValue.profile_id == Profile.id)
        yield owners.where(holds(*custom)).order_by(FieldValue.profile_id)


def nameless(oldest: Select[*tuple[Any, ...]]) -> ScalarSelect[int]:
    """Return the id of the first without an external id among the hundred oldest of a query for profiles."""
    some = oldest.with_only_columns(Profile.id, Profile.external_id).limit(MOST_NAMESAKES).subquery()
    return select(some.c.id).where(some.c.external_id.is_(None)).order_by(some.c.id).limit(1).scalar_subquery()


def holds(field: Field, cell: Cell) -> ColumnElement[bool]:
    """Return the condition that a row of `field_value` holds this value; it is answered by one index."""
    condition: ColumnElement[bool] = (FieldValue.field_id == field.id) & (getattr(FieldValue, column_of(field)) == cell)
    return condition


def _create(
    session: Session, database_id: int, match: Match, custom: tuple[Field, Cell] | None, now: datetime
) -> Profile:
    profile = make_profile(session, database_id, now, external_id=match.external_id, email=match.email)
    if match.phone is not None:
        session.add(ProfilePhone(profile_id=profile.id, database_id=database_id, phone=match.phone))
        session.flush()
    if custom is not None:
        session.execute(insert(FieldValue), to_rows(profile.id, custom[0], [custom[1]]))
    return profile


def _touch(session: Session, profile: Profile, match: Match, custom: tuple[Field, Cell] | None) -> None:
    """Cost what `_create` costs beside the lock, so that the work does not tell a known person from an unknown one."""
    if match.phone is not None:
        session.execute(select(ProfilePhone.phone).where(ProfilePhone.profile_id == profile.id)).all()
    if custom is not None:
        query = select(FieldValue.position).where(FieldValue.profile_id == profile.id)
        session.execute(query.where(FieldValue.field_id == custom[0].id)).all()
