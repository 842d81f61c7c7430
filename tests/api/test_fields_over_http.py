"""What pages write about their visitor: every type, every operation, and whatever does not fit is an error."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from sitebell.models import Enrollment
from sitebell.services.sites import NewSite, create_site
from support.visitors import Browser, add_database, add_fields, count_profiles, known_of, profile_ids
from support.web_application import parts, stored_rows

pytestmark = pytest.mark.shared_app  # each test has a visitor of its own, who is unknown, or a site of its own

KINDS = {
    "plan": "text",
    "points": "integer",
    "balance": "decimal",
    "member": "boolean",
    "born": "date",
    "since": "datetime",
    "likes": "list",
}


@pytest.fixture(scope="module")
def well_known(shared_app: Flask) -> NewSite:
    """A site that has a field of each type."""
    context, origins = parts(shared_app), ["https://www.example.com"]
    with context.store.writing() as session:
        site = create_site(session, context.vault, name="Shop", origins=origins, database_id=None, now=context.clock())
    add_fields(shared_app, site.database_id, **KINDS)
    return site


@pytest.fixture
def visitor(app: Flask, well_known: NewSite) -> Browser:
    """A subscribed browser on the site that has a field of each type."""
    browser = Browser(app.test_client(), f"/v1/sites/{well_known.site.token}")
    browser.put()
    return browser


def write(app: Flask, visitor: Browser, *changes: dict[str, Any]) -> dict[str, Any]:
    """Write one change after the other, each of which must succeed; return what is stored then."""
    for fields in changes:
        [row] = visitor.refresh(fields=fields)["enrollments"]
        assert "error" not in row, row
    return known_of(app, visitor.profile_id())


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("plan", "gold", "gold"),
        ("plan", "", ""),
        ("plan", "€" * 500, "€" * 500),
        ("points", -(2**53) + 1, -(2**53) + 1),
        ("points", 0, 0),
        ("balance", 9.99, 9.99),
        ("balance", 0.1, 0.1),
        ("balance", 1e-6, 1e-6),
        ("balance", 0.1 + 0.2, 0.3),
        ("balance", 12345678901.123455, 12345678901.123455),
        ("member", True, True),
        ("member", False, False),
        ("born", "1990-05-31", "1990-05-31"),
        ("born", "1990-05-31T23:30:00-05:00", "1990-05-31"),
        ("born", "0001-01-01", "0001-01-01"),
        ("born", "9999-12-31", "9999-12-31"),
        ("since", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("since", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("since", "2026-12-24T18:00:00+01:00", "2026-12-24T17:00:00Z"),
        ("since", "2026-12-24T18:00:00.123456Z", "2026-12-24T18:00:00.123456Z"),
        ("likes", ["tea", "cake", "tea"], ["tea", "cake", "tea"]),
        ("_fname", "Ann", "Ann"),
        ("_bdate", "1990-05-31", "1990-05-31"),
        ("_sex", 0, "male"),
        ("_sex", 1, "female"),
        ("_sex", "female", "female"),
        ("email", "Ann@Example.COM", "ann@example.com"),
        ("phones", ["+49 30 901820", "+1 202 456 1111", "+4930901820"], ["+4930901820", "+12024561111"]),
        ("phones", "+49 30 901820", ["+4930901820"]),
    ],
)
def test_a_value_is_kept_as_its_type(app: Flask, visitor: Browser, name: str, value: Any, stored: Any) -> None:
    known = write(app, visitor, {name: value})

    assert known == {name: stored}
    assert type(known[name]) is type(stored)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("plan", 1),
        ("plan", True),
        ("plan", ["gold"]),
        ("plan", "x" * 501),
        ("points", "1"),
        ("points", 1.5),
        ("points", True),
        ("balance", "9.99"),
        ("balance", 0.0000001),
        ("balance", 1e13),
        ("balance", False),
        ("member", 1),
        ("member", "true"),
        ("born", "31.5.1990"),
        ("born", "1990-02-30"),
        ("born", 19900531),
        ("since", "2026-12-24T18:00:00"),
        ("since", "2026-12-24"),
        ("since", "9999-12-31T23:59:59-10:00"),
        ("likes", "tea"),
        ("likes", [1]),
        ("likes", [["tea"]]),
        ("likes", ["x"] * 101),
        ("_sex", 2),
        ("_sex", True),
        ("_sex", "m"),
        ("phones", ["+4930901820" + str(n) for n in range(11)]),
    ],
)
def test_a_value_of_another_type_is_the_rows_error(app: Flask, visitor: Browser, name: str, value: Any) -> None:
    """And never a silent drop or a guess."""
    before = stored_values(app)

    [row] = visitor.refresh(fields={"_fname": "Ann", name: value})["enrollments"]

    assert (row["status"], row["error"], row["profile_id"]) == ("error", "invalid_value", None)
    assert stored_values(app) == before


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"colour": "red"}, "unknown_field"),
        ({"external_id": "c-1"}, "unknown_field"),
        ({"plan": {"multiply": 2}}, "invalid_operation"),
        ({"plan": {}}, "invalid_operation"),
        ({"plan": {"set": "a", "unset": True}}, "invalid_operation"),
        ({"plan": {"unset": False}}, "invalid_operation"),
        ({"plan": {"incr": 1}}, "invalid_operation"),
        ({"since": {"incr": 1}}, "invalid_operation"),
        ({"points": {"add": [1]}}, "invalid_operation"),
        ({"plan": {"delete": "gold"}}, "invalid_operation"),
        ({"likes": {"incr": 1}}, "invalid_operation"),
        ({"email": {"incr": 1}}, "invalid_operation"),
        ({"phones": {"incr": 1}}, "invalid_operation"),
        ({"points": {"incr": "1"}}, "invalid_value"),
        ({"points": {"incr": 0.5}}, "invalid_value"),
        ({"likes": {"add": [1]}}, "invalid_value"),
        ({"email": "ann"}, "invalid_email"),
        ({"phones": ["030"]}, "invalid_phone"),
    ],
)
def test_a_change_that_cannot_be_made_is_the_rows_error(
    app: Flask, visitor: Browser, fields: dict[str, Any], code: str
) -> None:
    before = stored_values(app)

    [row] = visitor.refresh(fields={"_fname": "Ann", **fields})["enrollments"]

    assert (row["status"], row["error"]) == ("error", code)
    assert stored_values(app) == before


@pytest.mark.parametrize(
    ("name", "changes", "stored"),
    [
        ("plan", [{"set": "gold"}], "gold"),
        ("plan", ["gold", {"unset": True}], None),
        ("plan", ["gold", None], None),
        ("plan", ["gold", {"set": None}], None),
        ("plan", ["gold", {"upsert": "silver"}], "silver"),
        ("points", [{"incr": 3}], 3),
        ("points", [40, {"incr": 2}, {"incr": -50}], -8),
        ("balance", [{"incr": 0.1}, {"incr": 0.2}], 0.3),
        ("likes", [["tea"], {"add": ["tea", "cake"]}], ["tea", "tea", "cake"]),
        ("likes", [{"add": "tea"}], ["tea"]),
        ("likes", [["tea", "cake", "tea"], {"delete": ["tea", "beer"]}], ["cake"]),
        ("likes", [["tea"], {"delete": ["tea"]}], None),
        ("likes", [["tea"], {"upsert": ["cake", "tea", "cake"]}], ["tea", "cake"]),
        ("likes", [["tea"], []], None),
        ("email", ["ann@example.com", {"unset": True}], None),
        ("email", [{"upsert": "ann@example.com"}], "ann@example.com"),
        ("phones", [["+4930901820"], {"add": ["+12024561111"]}], ["+4930901820", "+12024561111"]),
        ("phones", [["+4930901820"], {"delete": "+49 30 901820"}], None),
        ("phones", [["+4930901820"], {"upsert": ["+4930901820"]}], ["+4930901820"]),
        ("phones", [["+4930901820"], None], None),
    ],
)
def test_an_operation_does_what_its_name_says(
    app: Flask, visitor: Browser, name: str, changes: list[Any], stored: Any
) -> None:
    assert write(app, visitor, *({name: change} for change in changes)).get(name) == stored


def test_sec_15_a_number_stops_at_the_largest_without_a_word(app: Flask, visitor: Browser) -> None:
    """An error would tell whoever claims a profile what stands in it."""
    stored = write(app, visitor, {"balance": 9_000_000_000_000}, {"balance": {"incr": 1_000_000_000_000}})

    assert 9_000_000_000_000 < stored["balance"] < 10_000_000_000_000


def test_sec_15_a_list_stops_at_a_hundred_without_a_word(app: Flask, visitor: Browser) -> None:
    stored = write(app, visitor, {"likes": [str(n) for n in range(100)]}, {"likes": {"add": ["one more"]}})

    assert stored["likes"] == [str(n) for n in range(100)]


def test_fields_that_are_not_named_stay(app: Flask, visitor: Browser) -> None:
    assert write(app, visitor, {"plan": "gold"}, {"points": 1}) == {"plan": "gold", "points": 1}


def test_nothing_of_a_row_that_failed_is_written_not_even_the_new_person(
    app: Flask, site: NewSite, browser: Browser
) -> None:
    """The other database has its own fields and its own result."""
    add_fields(app, site.database_id, points="integer")
    browser.put()
    second = add_database(app, site)
    before = count_profiles(app)

    rows = browser.refresh(match={"external_id": "ann"}, database_ids=[site.database_id, second], fields={"points": 1})[
        "enrollments"
    ]

    assert [(row["status"], row.get("error")) for row in rows] == [("subscribed", None), ("error", "unknown_field")]
    assert count_profiles(app) == before + 1
    with parts(app).store.reading() as session:
        bound = select(func.count()).select_from(Enrollment).where(Enrollment.database_id == second)
        assert session.scalar(bound) == 0


def test_fields_are_written_at_once_with_the_first_subscription(app: Flask, site: NewSite, browser: Browser) -> None:
    add_fields(app, site.database_id, plan="text")

    [ann] = profile_ids(browser.put(match={"email": "ann@example.com"}, fields={"plan": "gold"}))

    assert known_of(app, ann) == {"email": "ann@example.com", "plan": "gold"}


def stored_values(app: Flask) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row about people."""
    people = ("profile", "profile_phone", "field_value", "enrollment")
    return {name: rows for name, rows in stored_rows(app).items() if name in people}
