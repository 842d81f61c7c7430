"""Writes fields of a profile: set, unset, incr, add, delete, upsert; concurrent writers lose nothing."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Field, FieldType, FieldValue, Profile, ProfilePhone
from sitebell.services.fields.contact import normalise_email, normalise_phone
from sitebell.services.fields.defining import KEPT_BY_THE_SERVER, fields_by_name
from sitebell.services.fields.storing import insert_rows, touch
from sitebell.services.fields.values import LONGEST_LIST, Cell, InvalidValue, largest, to_cell, to_cells, to_rows
from sitebell.services.messages.names import note_former_names

MAX_PHONES = 10
NUMERIC = (FieldType.INTEGER, FieldType.DECIMAL)


def update_fields(
    session: Session, profile: Profile, changes: Mapping[str, Any], now: datetime, *, clips: bool = False
) -> None:
    """Write fields of one profile; `changes` maps a name to its new value (null: none) or to one operation.

    Operations are objects of one member: `{"set": value}`, `{"unset": true}`, `{"incr": number}` (numbers; none counts
    as 0), and for lists `{"add": [...]}` (append), `{"delete": [...]}` (every occurrence), `{"upsert": [...]}` (append
    what is missing). On other fields upsert is set. `email` and `phones` are written the same way.

    `clips` is for callers who must not learn what is stored (SEC-15): what does not fit beside it is left out, a sum
    stops at the largest number, and whatever is stored costs the same statements.

    Raises:
        Invalid: `unknown_field`, `invalid_value`, `invalid_operation`, `invalid_email` or `invalid_phone`. Roll back.
    """
    if not changes:
        return
    session.refresh(profile, with_for_update={"key_share": True})
    _write_values(session, profile, changes, clips=clips)
    if "email" in changes:
        _write_email(session, profile, *_operation(changes["email"]))
    if "phones" in changes:
        _write_phones(session, profile, *_operation(changes["phones"]), clips=clips)
    touch(session, profile, now)


def check_pages_words(names: Collection[str]) -> None:
    """Refuse fields that no page writes, with or without a token; raises Invalid `invalid_operation`."""
    kept = sorted(set(names).intersection(KEPT_BY_THE_SERVER))
    if kept:
        raise Invalid(
            "invalid_operation", f"No page writes {kept[0]}: the server keeps it, on sites that store addresses."
        )


def find_field(known: Mapping[str, Field], name: str) -> Field:
    """Return a field of the database; raises Invalid `unknown_field`."""
    field = known.get(name)
    if field is None:
        raise Invalid("unknown_field", f"The database has no field {name[:64]}: create it first.", {"field": name[:64]})
    return field


def _write_values(session: Session, profile: Profile, changes: Mapping[str, Any], *, clips: bool) -> None:
    known = fields_by_name(session, profile.database_id)
    fields = {name: find_field(known, name) for name in changes if name not in ("email", "phones")}
    present = _read(session, profile, list(fields.values()))
    rows = []
    for name, field in fields.items():
        operation, operand = _operation(changes[name])
        cells = _OPERATIONS[operation](field, present.get(field.id, []), operand)
        rows += to_rows(profile.id, field, _bounded(field, cells, clips=clips))
    ids = [field.id for field in fields.values()]
    session.execute(delete(FieldValue).where(FieldValue.profile_id == profile.id, FieldValue.field_id.in_(ids)))
    insert_rows(session, FieldValue, rows)


def _operation(value: Any) -> tuple[str, Any]:
    """Return the operation's name and operand; a bare value is set, null is unset."""
    if value is None:
        return "unset", True
    if not isinstance(value, dict):
        return "set", value
    if len(value) != 1 or next(iter(value)) not in _OPERATIONS:
        raise Invalid("invalid_operation", f"An operation is an object with one of {', '.join(_OPERATIONS)}.")
    name, operand = next(iter(value.items()))
    return ("unset", True) if name == "set" and operand is None else (name, operand)


def _read(session: Session, profile: Profile, fields: list[Field]) -> dict[int, list[Cell]]:
    query = select(FieldValue).where(
        FieldValue.profile_id == profile.id, FieldValue.field_id.in_([field.id for field in fields])
    )
    found: dict[int, list[Cell]] = {}
    for row in session.scalars(query.order_by(FieldValue.field_id, FieldValue.position)):
        cell = next(cell for cell in (row.text, row.number, row.time) if cell is not None)
        found.setdefault(row.field_id, []).append(cell)
    return found


def _set(field: Field, _present: list[Cell], operand: Any) -> list[Cell]:
    return to_cells(field, operand)


def _unset(field: Field, _present: list[Cell], operand: Any) -> list[Cell]:
    if operand is not True:
        raise Invalid("invalid_operation", f'Write {{"unset": true}} to clear {field.name}.')
    return []


def _incr(field: Field, present: list[Cell], operand: Any) -> list[Cell]:
    step, before = to_cell(field, operand) if field.type in NUMERIC else None, present[0] if present else 0
    if not isinstance(step, int) or not isinstance(before, int):
        raise Invalid("invalid_operation", f"{field.name} is no number: incr is for integers and decimals.")
    return [before + step]


def _add(field: Field, present: list[Cell], operand: Any) -> list[Cell]:
    return present + _elements(field, operand)


def _delete(field: Field, present: list[Cell], operand: Any) -> list[Cell]:
    unwanted = _elements(field, operand)
    return [cell for cell in present if cell not in unwanted]


def _upsert(field: Field, present: list[Cell], operand: Any) -> list[Cell]:
    if field.type != FieldType.LIST:
        return to_cells(field, operand)
    return list(dict.fromkeys([*present, *_elements(field, operand)]))


def _elements(field: Field, operand: Any) -> list[Cell]:
    if field.type != FieldType.LIST:
        raise Invalid("invalid_operation", f"{field.name} is no list: add and delete are for lists.")
    return to_cells(field, operand if isinstance(operand, list) else [operand])


def _bounded(field: Field, cells: list[Cell], *, clips: bool) -> list[Cell]:
    """Return what a field can hold of what it is to hold; `present` comes first, so that nobody pushes it out."""
    most = largest(field)
    kept = [max(-most, min(most, cell)) if isinstance(cell, int) else cell for cell in cells[:LONGEST_LIST]]
    if kept != cells and not clips:
        raise InvalidValue(field.name, field.type)
    return kept


_OPERATIONS: dict[str, Callable[[Field, list[Cell], Any], list[Cell]]] = {
    "set": _set,
    "unset": _unset,
    "incr": _incr,
    "add": _add,
    "delete": _delete,
    "upsert": _upsert,
}


def _write_email(session: Session, profile: Profile, operation: str, operand: Any) -> None:
    if operation not in ("set", "unset", "upsert"):
        raise Invalid("invalid_operation", "email takes set, unset and upsert.")
    email = None if operation == "unset" else normalise_email(operand)
    note_former_names(session, profile, [profile.email] if profile.email not in (None, email) else [])
    profile.email = email


def _write_phones(session: Session, profile: Profile, operation: str, operand: Any, *, clips: bool) -> None:
    if operation == "incr":
        raise Invalid("invalid_operation", "phones takes set, unset, add, delete and upsert.")
    numbers = [] if operation == "unset" else operand if isinstance(operand, list) else [operand]
    given = list(dict.fromkeys(normalise_phone(number) for number in numbers))
    query = select(ProfilePhone.phone).where(ProfilePhone.profile_id == profile.id).order_by(ProfilePhone.position)
    present = list(session.scalars(query))
    phones = [phone for phone in present if phone not in given]
    if operation != "delete":
        united = given if operation in ("set", "unset") else list(dict.fromkeys([*present, *given]))
        phones = united[:MAX_PHONES] if clips and len(given) <= MAX_PHONES else united
    if len(phones) > MAX_PHONES:
        raise Invalid("invalid_value", f"A profile has at most {MAX_PHONES} phone numbers.")
    note_former_names(session, profile, [phone for phone in present if phone not in phones])
    session.execute(delete(ProfilePhone).where(ProfilePhone.profile_id == profile.id))
    own = {"profile_id": profile.id, "database_id": profile.database_id}
    insert_rows(session, ProfilePhone, [{**own, "phone": phone, "position": at} for at, phone in enumerate(phones)])
