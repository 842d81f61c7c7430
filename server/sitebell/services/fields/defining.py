"""The fields of a database: the standard ones, and those that its owner defines before writing them."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid
from sitebell.models import Database, Field, FieldType

MAX_FIELDS = 200
STANDARD_FIELDS = {
    "_fname": FieldType.TEXT,
    "_lname": FieldType.TEXT,
    "_bdate": FieldType.DATE,
    "_sex": FieldType.TEXT,
    "_regdate": FieldType.DATETIME,
    "_regip": FieldType.TEXT,
    "_regcity": FieldType.TEXT,
    "_regcountry": FieldType.TEXT,
    "_regurl": FieldType.TEXT,
    "_ip": FieldType.TEXT,
    "_city": FieldType.TEXT,
    "_country": FieldType.TEXT,
    "_region": FieldType.TEXT,
    "_postal_code": FieldType.TEXT,
    "_tz": FieldType.TEXT,
    "_browser": FieldType.TEXT,
    "_os": FieldType.TEXT,
    "_language": FieldType.TEXT,
    "_vendor": FieldType.TEXT,
}
# True of the device or of the profile itself, whoever uses it; a place may be what a person wrote of themselves.
OF_THE_DEVICE = ("_tz", "_browser", "_os", "_language", "_regdate")
KEPT_BY_THE_SERVER = ("_ip", "_regip")  # seen, and only on sites that store addresses: no page may make one up
OF_THE_PROFILE = ("email", "phones")  # written like fields, and stored with the profile itself
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_RESERVED = (*OF_THE_PROFILE, "external_id", "profile_id", "id", "tags", "topics", "phone")


def add_standard_fields(session: Session, database: Database) -> None:
    """Give a new database the fields that every profile may have."""
    session.add_all(
        Field(database_id=database.id, name=name, type=kind, is_standard=True) for name, kind in STANDARD_FIELDS.items()
    )
    session.flush()


def create_field(session: Session, database: Database, *, name: str, kind: str, is_open: bool = False) -> Field:
    """Define a field. `is_open` lets pages of a signed site write it without a token.

    Raises:
        Invalid: `invalid_field`, the name or type cannot be used, or the database has 200 fields already.
        Conflict: `field_exists`.
    """
    if not is_field_name(name):
        raise Invalid(
            "invalid_field", "A field's name has 1 to 64 letters, digits and _, begins with a letter and is not taken."
        )
    if kind not in list(FieldType):
        raise Invalid("invalid_field", f"A field's type is one of {', '.join(FieldType)}.")
    known = list_fields(session, database)
    if name in {field.name for field in known}:
        raise Conflict("field_exists", f"The database has a field {name} already.")
    if len(known) >= MAX_FIELDS:
        raise Invalid("invalid_field", f"A database has at most {MAX_FIELDS} fields.")
    field = Field(database_id=database.id, name=name, type=kind, is_open=is_open)
    session.add(field)
    session.flush()
    return field


def is_field_name(name: str) -> bool:
    """Say whether a field may be called so: the names of what stands beside the fields are reserved."""
    return _NAME.fullmatch(name) is not None and name not in _RESERVED


def list_fields(session: Session, database: Database) -> Sequence[Field]:
    """Return the fields of a database in the order of their making."""
    return session.scalars(select(Field).where(Field.database_id == database.id).order_by(Field.id)).all()


def fields_by_name(session: Session, database_id: int) -> dict[str, Field]:
    """Return the fields of a database by their names."""
    return {field.name: field for field in session.scalars(select(Field).where(Field.database_id == database_id))}
