"""Values of profile fields: from JSON to the column of their type, and back."""

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from sitebell.errors import Invalid
from sitebell.models import Field, FieldType, FieldValue
from sitebell.models.profile import LONGEST_TEXT

SCALE = 1_000_000  # decimals are stored in millionths, so that SQLite and PostgreSQL compare them alike
LARGEST = 2**63 - 1  # what a cell holds
LARGEST_INTEGER = 2**53 - 1  # what every reader of JSON gets exactly (RFC 8259 section 6)
LONGEST_LIST = 100
NOISE = 4  # units in the last place, by which a page's own arithmetic may be off: 0.1 + 0.2 is 0.30000000000000004
DIGITS = 15  # what a double holds of every decimal number
SEXES = {0: "male", 1: "female", "male": "male", "female": "female"}
EXAMPLES = {
    FieldType.TEXT: f"a text of at most {LONGEST_TEXT} characters",
    FieldType.INTEGER: f"a whole number from {-LARGEST_INTEGER} to {LARGEST_INTEGER}",
    FieldType.DECIMAL: f"a number with at most six decimals, up to {LARGEST // SCALE}",
    FieldType.BOOLEAN: "true or false",
    FieldType.DATE: "a date such as 1990-05-31",
    FieldType.DATETIME: "a moment with its zone, such as 2026-12-24T18:00:00Z",
    FieldType.LIST: f"a list of at most {LONGEST_LIST} texts",
}

Cell = str | int | datetime


class InvalidValue(Invalid):
    """A value does not fit its field."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__("invalid_value", f"{name} takes {EXAMPLES[FieldType(kind)]}.", {"field": name})


def to_cells(field: Field, value: Any) -> list[Cell]:
    """Return what is stored for a JSON value: one cell, or one for each element of a list.

    Raises:
        InvalidValue: it has another type, or does not fit.
    """
    if field.type == FieldType.LIST:
        if not isinstance(value, list) or len(value) > LONGEST_LIST:
            raise InvalidValue(field.name, field.type)
        return [_to_text(field, item) for item in value]
    return [to_cell(field, value)]


def to_cell(field: Field, value: Any) -> Cell:
    """Return the cell of a single value, which for a list field is one of its elements.

    Raises:
        InvalidValue: it has another type, or does not fit.
    """
    if field.name == "_sex":
        if isinstance(value, bool) or not isinstance(value, (int, str)) or value not in SEXES:
            raise Invalid("invalid_value", "_sex takes male or female, or 0 or 1.", {"field": field.name})
        return SEXES[value]
    try:
        return _CONVERTERS[FieldType(field.type)](field, value)
    except (ValueError, OverflowError, ArithmeticError):
        raise InvalidValue(field.name, field.type) from None


def largest(field: Field) -> int:
    """Return the largest cell of a field of numbers; the smallest is its opposite."""
    return LARGEST_INTEGER if field.type == FieldType.INTEGER else LARGEST


def column_of(field: Field) -> str:
    """Return the name of the column that holds the field's values."""
    return _COLUMNS[FieldType(field.type)]


def to_rows(profile_id: int, field: Field, cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Return the rows of `field_value` that hold these cells."""
    empty: dict[str, Any] = {"text": None, "number": None, "time": None}
    return [
        {"profile_id": profile_id, "field_id": field.id, "position": place, **empty, column_of(field): cell}
        for place, cell in enumerate(cells)
    ]


def from_rows(field: Field, rows: Iterable[FieldValue]) -> Any:
    """Return the JSON value of a field from its rows, in the order of their positions."""
    cells = [getattr(row, column_of(field)) for row in rows]
    return cells if field.type == FieldType.LIST else to_json(field, cells[0])


def to_json(field: Field, cell: Cell) -> Any:
    """Return the JSON value of one cell."""
    match field.type, cell:
        case FieldType.BOOLEAN, _:
            return bool(cell)
        case FieldType.DECIMAL, int():
            return cell / SCALE
        case FieldType.DATE, datetime():
            return cell.date().isoformat()
        case FieldType.DATETIME, datetime():
            return cell.isoformat().replace("+00:00", "Z")
    return cell


def _to_text(field: Field, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise InvalidValue(field.name, field.type)
    return value


def _to_integer(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > largest(field):
        raise InvalidValue(field.name, field.type)
    return value


def _to_decimal(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidValue(field.name, field.type)
    scaled = Decimal(repr(value)) * SCALE
    if scaled != scaled.to_integral_value():
        scaled = _without_noise(field, value) * SCALE
    if scaled != scaled.to_integral_value() or abs(scaled) > largest(field):
        raise InvalidValue(field.name, field.type)
    return int(scaled)


def _without_noise(field: Field, value: float) -> Decimal:
    """Return the number of 15 digits that a double stands for when a page has calculated it."""
    nearest = f"{value:.{DIGITS}g}"
    if abs(float(nearest) - value) > NOISE * math.ulp(value):
        raise InvalidValue(field.name, field.type)
    return Decimal(nearest)


def _to_boolean(field: Field, value: Any) -> int:
    if not isinstance(value, bool):
        raise InvalidValue(field.name, field.type)
    return int(value)


def _to_date(field: Field, value: Any) -> datetime:
    """Take a date, or a moment of which the date counts (RFC 3339)."""
    written = _to_text(field, value)
    day = date.fromisoformat(written) if len(written) <= len("1990-05-31") else datetime.fromisoformat(written).date()
    return datetime.combine(day, time(), UTC)


def _to_moment(field: Field, value: Any) -> datetime:
    moment = datetime.fromisoformat(_to_text(field, value))
    if moment.tzinfo is None:
        raise InvalidValue(field.name, field.type)
    return moment.astimezone(UTC)


_CONVERTERS: dict[FieldType, Callable[[Field, Any], Cell]] = {
    FieldType.TEXT: _to_text,
    FieldType.LIST: _to_text,
    FieldType.INTEGER: _to_integer,
    FieldType.DECIMAL: _to_decimal,
    FieldType.BOOLEAN: _to_boolean,
    FieldType.DATE: _to_date,
    FieldType.DATETIME: _to_moment,
}
_COLUMNS = {
    FieldType.TEXT: "text",
    FieldType.LIST: "text",
    FieldType.INTEGER: "number",
    FieldType.DECIMAL: "number",
    FieldType.BOOLEAN: "number",
    FieldType.DATE: "time",
    FieldType.DATETIME: "time",
}
