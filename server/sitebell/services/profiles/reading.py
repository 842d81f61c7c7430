"""Looks at profiles: one, or a page of them with everything that is known, in as many queries as for one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from sitebell.errors import NotFound
from sitebell.models import Database, Field, FieldValue, Profile, ProfilePhone, ProfileTag
from sitebell.services.fields.values import from_rows
from sitebell.services.public_ids import is_profile_id
from sitebell.services.tags import is_on


@dataclass
class KnownProfile:
    """A profile with everything that is known about the person; `fields` maps names to JSON values."""

    profile: Profile
    phones: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)


def get_profile(session: Session, database: Database, public_id: str) -> Profile:
    """Return a profile of this database.

    Raises:
        NotFound: `profile_not_found`; what cannot be an id costs no question to the database.
    """
    query = select(Profile).where(Profile.database_id == database.id, Profile.public_id == public_id)
    profile = session.scalars(query).one_or_none() if is_profile_id(public_id) else None
    if profile is None:
        raise NotFound("profile_not_found", "The database has no profile with this id.")
    return profile


def count_profiles(session: Session, database: Database) -> int:
    """Return how many profiles a database has, anonymous ones included."""
    return session.scalar(select(func.count()).where(Profile.database_id == database.id)) or 0


def read_profile(session: Session, profile: Profile, now: datetime) -> KnownProfile:
    """Return everything that is known about one person."""
    [known] = read_profiles(session, [profile], now)
    return known


def read_profiles(session: Session, profiles: Sequence[Profile], now: datetime) -> list[KnownProfile]:
    """Return everything that is known about some people, in their order; three queries, however many they are."""
    known = {profile.id: KnownProfile(profile) for profile in profiles}
    phones = select(ProfilePhone).where(ProfilePhone.profile_id.in_(known))
    for phone in session.scalars(phones.order_by(ProfilePhone.profile_id, ProfilePhone.position)):
        known[phone.profile_id].phones.append(phone.phone)
    tags = select(ProfileTag).where(ProfileTag.profile_id.in_(known), is_on(now)).order_by(ProfileTag.tag)
    for tag in session.scalars(tags):
        known[tag.profile_id].tags.append(tag.tag)
    values = select(FieldValue, Field).join(Field, Field.id == FieldValue.field_id)
    mine = values.where(FieldValue.profile_id.in_(known)).order_by(Field.id, FieldValue.position)
    for profile_id, fields in _group(session.execute(mine)).items():
        known[profile_id].fields = {found.name: from_rows(found, rows) for found, rows in fields.items()}
    return list(known.values())


def _group(rows: Iterable[Row[FieldValue, Field]]) -> dict[int, dict[Field, list[FieldValue]]]:
    """Return the rows by their profile and field, in the order in which they come."""
    groups: dict[int, dict[Field, list[FieldValue]]] = defaultdict(lambda: defaultdict(list))
    for value, of_field in rows:
        groups[value.profile_id][of_field].append(value)
    return groups
