"""Attributes as another vendor's calls write them: by the vendor's ids, and texts where a field is a number."""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import AliasKind, Field, FieldType, Site, SiteDatabase
from sitebell.services.dialects.targets import EXTERNAL_ID
from sitebell.services.dialects.words import Words
from sitebell.services.fields.updates import find_field

USER_ID = "user_id"  # the attribute that says whose subscription it is
LONGEST_USER_ID = 200
# Stored with the profile itself, and written, found and asked for like fields.
OF_THE_PROFILE = {"email": FieldType.TEXT, "phones": FieldType.LIST}


@dataclass(frozen=True)
class Attributes:
    """The site's own id of a person, if it is among them, and fields as values of their types; None clears one."""

    user_id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def as_changes(self) -> dict[str, Any]:
        """Return the fields as `update_fields` takes them; a value that is an object is no operation."""
        return {name: {"set": value} if isinstance(value, dict) else value for name, value in self.fields.items()}


def read_attributes(session: Session, site: Site, words: Words, given: Mapping[str, Any]) -> Attributes:
    """Return what attributes mean at a site.

    Raises:
        Invalid: `unknown_field`, an attribute is no field of any database of the site; `invalid_value`, a user id that
            is none, or two of them.
    """
    types = field_types(session, site)
    user_ids: set[str] = set()
    fields: dict[str, Any] = {}
    for foreign_id, value in given.items():
        if means_the_person(words, foreign_id):
            user_ids.add(_read_user_id(foreign_id, value))
        else:
            name = words.ours(AliasKind.ATTRIBUTE, foreign_id)
            fields[name] = to_type(type_of(types, name), value)
    if len(user_ids) > 1:
        raise Invalid("invalid_value", "Two attributes name two people: say one.", {"field": EXTERNAL_ID})
    return Attributes(min(user_ids, default=None), fields)


def means_the_person(words: Words, foreign_id: str) -> bool:
    """Say whether an attribute is the site's own id of a person, and not a field that the site made of it."""
    is_adopted = words.knows(AliasKind.ATTRIBUTE, foreign_id)
    name = words.ours(AliasKind.ATTRIBUTE, foreign_id)
    return name == EXTERNAL_ID or (foreign_id == USER_ID and not is_adopted)


def id_of_the_person(words: Words) -> str:
    """Return the attribute under which the vendor's caller looks for the site's own id of a person."""
    adopted = words.theirs(AliasKind.ATTRIBUTE, EXTERNAL_ID)
    return USER_ID if adopted == EXTERNAL_ID and means_the_person(words, USER_ID) else adopted


def field_types(session: Session, site: Site) -> dict[str, Field]:
    """Return the fields of a site's databases by their names; of several with one name the oldest."""
    query = select(Field).join(SiteDatabase, SiteDatabase.database_id == Field.database_id)
    fields = session.scalars(query.where(SiteDatabase.site_id == site.id).order_by(Field.id.desc()))
    return {field.name: field for field in fields}


def type_of(types: Mapping[str, Field], name: str) -> FieldType:
    """Return the type of a field, or of what is written like one; raises Invalid `unknown_field`."""
    return OF_THE_PROFILE.get(name) or FieldType(find_field(types, name).type)


def to_type(kind: FieldType, value: Any) -> Any:
    """Return a value in the type of its field where it says the same; anything else is left for the field to refuse."""
    if value is None:
        return None
    if kind == FieldType.LIST:
        return [to_type(FieldType.TEXT, one) for one in (value if isinstance(value, list) else [value])]
    if kind == FieldType.TEXT and isinstance(value, bool):
        return str(value).lower()
    if kind == FieldType.TEXT and isinstance(value, (int, float)):
        return str(value)
    if kind == FieldType.BOOLEAN and value in ("true", "false"):
        return value == "true"
    if kind in (FieldType.INTEGER, FieldType.DECIMAL) and isinstance(value, str):
        return _to_number(kind, value)
    return value


def _to_number(kind: FieldType, written: str) -> Any:
    if written.isascii() and "_" not in written and len(written) <= 40:
        with suppress(ValueError):
            number = int(written) if kind == FieldType.INTEGER else float(written)
            if math.isfinite(number):
                return number
    return written


def _read_user_id(foreign_id: str, value: Any) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_USER_ID:
        sentence = f"{foreign_id} is a text of 1 to {LONGEST_USER_ID} characters."
        raise Invalid("invalid_value", sentence, {"field": foreign_id})
    return text
