"""What is stored of a value is the value, and is compared as the value is (properties over generated ones)."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitebell.models import Field, FieldType, FieldValue
from sitebell.services.fields.values import InvalidValue, from_rows, to_cell, to_cells, to_rows

MILLIONTHS = st.integers(-(10**15), 10**15)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)  # noqa: DTZ001
generated = settings(deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=600),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def field(kind: str) -> Field:
    """Return a field of a type."""
    return Field(id=1, database_id=1, name="x", type=kind)


def stored(kind: str, value: Any) -> Any:
    """Return the JSON value that comes back from the rows which hold a value."""
    rows = to_rows(7, field(kind), to_cells(field(kind), value))
    return from_rows(field(kind), [FieldValue(**row) for row in rows])


@generated
@given(st.text(max_size=500))
def test_a_text_comes_back_as_it_was(value: str) -> None:
    assert stored(FieldType.TEXT, value) == value


@generated
@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_an_integer_comes_back_as_it_was(value: int) -> None:
    assert stored(FieldType.INTEGER, value) == value


@generated
@given(MILLIONTHS)
def test_a_decimal_of_six_places_comes_back_as_it_was(millionths: int) -> None:
    value = float(Decimal(millionths) / 1_000_000)

    assert stored(FieldType.DECIMAL, value) == value


@generated
@given(MILLIONTHS, MILLIONTHS)
def test_decimals_are_stored_in_their_order(first: int, second: int) -> None:
    """Both databases compare whole numbers alike."""
    cells = [to_cell(field(FieldType.DECIMAL), float(Decimal(number) / 1_000_000)) for number in (first, second)]

    assert cells == [first, second]


@generated
@given(st.dates(date(1, 1, 2)))
def test_a_date_comes_back_as_it_was(value: date) -> None:
    assert stored(FieldType.DATE, value.isoformat()) == value.isoformat()


@generated
@given(MOMENTS)
def test_a_moment_comes_back_as_the_same_moment_in_utc(value: datetime) -> None:
    written = stored(FieldType.DATETIME, value.isoformat())

    assert written.endswith("Z")
    assert datetime.fromisoformat(written) == value.astimezone(UTC)


@generated
@given(st.lists(st.text(max_size=20), min_size=1, max_size=100))
def test_a_list_comes_back_in_its_order_with_what_is_in_it_twice(value: list[str]) -> None:
    assert stored(FieldType.LIST, value) == value


@pytest.mark.parametrize("kind", list(FieldType))
@generated
@given(value=ANYTHING)
def test_whatever_comes_is_a_value_or_refused_and_no_other_fault(kind: FieldType, value: Any) -> None:
    with suppress(InvalidValue):
        cells = to_cells(field(kind), value)
        assert all(isinstance(cell, (str, int, datetime)) for cell in cells)
