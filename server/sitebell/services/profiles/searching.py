"""Searches profiles by whatever has an index, a page at a time; the place reached is a key, never a count."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from sitebell.models import Database, Field, FieldType, FieldValue, Profile, ProfilePhone
from sitebell.services.fields.contact import normalise_email, normalise_phone
from sitebell.services.fields.defining import fields_by_name
from sitebell.services.fields.updates import find_field
from sitebell.services.fields.values import InvalidValue, to_cell
from sitebell.services.matching import holds

LARGEST_PAGE = 200

_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,6})?")


@dataclass(frozen=True, kw_only=True)
class Search:
    """By what to search, at most one of them; nothing finds everybody. `field` is a name and a value as text."""

    external_id: str | None = None
    email: str | None = None
    phone: str | None = None
    field: tuple[str, str] | None = None


@dataclass(frozen=True)
class Page:
    """Some of the profiles that were found, and the cursor for those after them; None when there are no more."""

    profiles: Sequence[Profile]
    next_cursor: str | None


def search_profiles(session: Session, database: Database, search: Search, *, limit: int, after: int = 0) -> Page:
    """Return the profiles that a search finds, the oldest first, from the one behind that key on.

    A profile made meanwhile comes at the end, so a walk with the cursor sees each profile once.

    Raises:
        Invalid: `invalid_email`, `invalid_phone`, `unknown_field` or `invalid_value`.
    """
    ids = session.scalars(_ids(session, database, search, after).limit(limit + 1)).all()
    shown = ids[:limit]
    profiles = session.scalars(select(Profile).where(Profile.id.in_(shown)).order_by(Profile.id)).all()
    return Page(profiles, str(shown[-1]) if len(ids) > limit else None)


def _ids(session: Session, database: Database, search: Search, after: int) -> Select[Any]:
    """Return the query for the ids of the profiles found, walked in the order of one index."""
    if search.field is not None:
        name, written = search.field
        field = find_field(fields_by_name(session, database.id), name)
        values = select(FieldValue.profile_id).distinct().where(holds(field, to_cell(field, _to_json(field, written))))
        return values.where(FieldValue.profile_id > after).order_by(FieldValue.profile_id)
    if search.phone is not None:
        phones = select(ProfilePhone.profile_id).where(ProfilePhone.phone == normalise_phone(search.phone))
        mine = phones.where(ProfilePhone.database_id == database.id, ProfilePhone.profile_id > after)
        return mine.order_by(ProfilePhone.profile_id)
    query = select(Profile.id).where(Profile.database_id == database.id, Profile.id > after).order_by(Profile.id)
    if search.external_id is not None:
        query = query.where(Profile.external_id == search.external_id)
    if search.email is not None:
        query = query.where(Profile.email == normalise_email(search.email))
    return query


def _to_json(field: Field, written: str) -> Any:
    """Return the JSON value that a text in a URL stands for, by the type of the field."""
    match field.type:
        case FieldType.INTEGER | FieldType.DECIMAL:
            if not _NUMBER.fullmatch(written):
                raise InvalidValue(field.name, field.type)
            return float(written) if "." in written else int(written)
        case FieldType.BOOLEAN:
            return {"true": True, "false": False}.get(written, written)
    return int(written) if field.name == "_sex" and written in ("0", "1") else written
