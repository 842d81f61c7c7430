"""Profiles are found by whatever has an index, a page at a time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, select, text

from sitebell.models import Database, FieldValue, Profile, ProfilePhone
from sitebell.services.databases import create_database, link_database
from sitebell.services.fields.defining import list_fields
from support.back_end import BackEnd
from support.web_application import parts, refusal

pytestmark = pytest.mark.shared_app

FIELDS = {
    "plan": ("text", "gold", "silver"),
    "visits": ("integer", 42, 43),
    "spent": ("decimal", 9.99, 9.9),
    "member": ("boolean", True, False),
    "birthday": ("date", "1990-05-31", "1990-06-01"),
    "renewal": ("datetime", "2026-12-24T18:00:00Z", "2026-12-24T18:00:01Z"),
    "sizes": ("list", ["m", "l", "m"], ["s"]),
}
WRITTEN = {
    "plan": "gold",
    "visits": "42",
    "spent": "9.99",
    "member": "true",
    "birthday": "1990-05-31",
    "renewal": "2026-12-24T19:00:00+01:00",
    "sizes": "m",
}


@pytest.mark.parametrize(
    "query",
    [{"external_id": "ann"}, {"email": "ANN@example.com"}, {"phone": "+49 30 901820"}, {"phone": "+4930901820"}],
)
def test_a_person_is_found_by_what_identifies_them(office: BackEnd, query: dict[str, str]) -> None:
    ann = office.add_profile(external_id="ann", email="ann@example.com", phones=["+1 202 555 0123", "+4930901820"])
    office.add_profile(external_id="ben", email="ben@example.com", phones=["+442079460000"])

    assert [found["id"] for found in office.search(**query)] == [ann]


@pytest.mark.parametrize("name", FIELDS)
def test_a_person_is_found_by_a_field_of_any_type(office: BackEnd, name: str) -> None:
    kind, value, other = FIELDS[name]
    office.ask("POST", f"{office.database}/fields", {"name": name, "type": kind})
    ann = office.add_profile(fields={name: value})
    office.add_profile(fields={name: other})

    query = {"field": name, "value": WRITTEN[name], "limit": 1}
    page = office.ask("GET", office.profiles, query_string=query)
    assert ([found["id"] for found in page["profiles"]], page["next_cursor"]) == ([ann], None)


def test_a_walk_sees_each_profile_once_whatever_is_made_meanwhile(office: BackEnd) -> None:
    ids = [office.add_profile(fields={"_city": "Berlin"}) for _ in range(5)]
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = office.ask(
            "GET", office.profiles, query_string={"field": "_city", "value": "Berlin", "limit": 2} | cursor
        )
        seen += [found["id"] for found in page["profiles"]]
        if len(seen) == 2:
            ids.append(office.add_profile(fields={"_city": "Berlin"}))
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert seen == ids
    assert len(office.search(limit=200)) == 6
    assert len(office.search(limit=1)) == 1


def test_nobody_is_found_by_what_nobody_has(office: BackEnd) -> None:
    office.add_profile(external_id="ann")

    assert office.ask("GET", office.profiles, query_string={"external_id": "Ann"}) == {
        "profiles": [],
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("externalid=ann", "invalid"),
        ("external_id=a&email=ann@example.com", "invalid"),
        ("external_id=a&external_id=b", "invalid"),
        ("external_id=", "invalid"),
        ("external_id=%00", "invalid"),
        ("field=_city", "invalid"),
        ("value=Berlin", "invalid"),
        ("limit=0", "invalid"),
        ("limit=201", "invalid"),
        ("limit=%C2%B2", "invalid"),
        ("cursor=x", "invalid_cursor"),
        ("cursor=-1", "invalid_cursor"),
        ("cursor=" + "9" * 19, "invalid_cursor"),
        ("email=ann", "invalid_email"),
        ("phone=110", "invalid_phone"),
        ("field=unheard&value=1", "unknown_field"),
        ("field=_bdate&value=1", "invalid_value"),
        ("field=_sex&value=2", "invalid_value"),
    ],
)
def test_a_search_that_means_nothing_is_refused(office: BackEnd, query: str, code: str) -> None:
    """A misspelt name would else list everybody."""
    assert refusal(office.call("GET", f"{office.profiles}?{query}")) == (422, code)


@pytest.mark.parametrize("field", ["visits", "spent"])
@pytest.mark.parametrize("value", ["x", "1e3", "9" * 30, "true", "0x1"])
def test_a_number_is_written_as_digits(office: BackEnd, field: str, value: str) -> None:
    office.ask("POST", f"{office.database}/fields", {"name": field, "type": FIELDS[field][0]})

    response = office.call("GET", office.profiles, query_string={"field": field, "value": value})
    assert refusal(response) == (422, "invalid_value")


@pytest.fixture(scope="module")
def crowd(shared_app: Flask) -> Database:
    """A database with enough profiles for a planner to care, and the statistics that it goes by."""
    with parts(shared_app).store.writing() as session:
        database = create_database(session, name="Crowd", now=parts(shared_app).clock())
        moments = dict.fromkeys(("created_at", "updated_at"), parts(shared_app).clock())
        rows = [
            {
                "public_id": f"{n:024x}",
                "database_id": database.id,
                "external_id": f"x{n}",
                "email": f"{n}@a.de",
                **moments,
            }
            for n in range(5000)
        ]
        session.execute(insert(Profile), rows)
        [field] = [field for field in list_fields(session, database) if field.name == "_bdate"]
        ids = session.scalars(select(Profile.id).where(Profile.database_id == database.id)).all()
        phones = [{"profile_id": n, "database_id": database.id, "phone": f"+4930{n}"} for n in ids]
        session.execute(insert(ProfilePhone), phones)
        births = [datetime(1990 + n % 10, 1, 1, tzinfo=UTC) for n in range(len(ids))]  # few have the one asked for
        values = [{"profile_id": n, "field_id": field.id, "time": born} for n, born in zip(ids, births, strict=True)]
        session.execute(insert(FieldValue), values)
        session.execute(text("ANALYZE"))
    return database


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"external_id": "a"}, ("database_id", "external_id")),
        ({"email": "a@example.com"}, ("database_id", "email", "id")),
        ({"phone": "+4930901820"}, ("database_id", "phone", "profile_id")),
        ({"field": "_bdate", "value": "1990-01-01"}, ("field_id", "time", "profile_id")),
        ({}, ("id",)),
    ],
    ids=str,
)
def test_a_search_is_answered_by_an_index_from_its_cursor_on(
    app: Flask, office: BackEnd, crowd: Database, query: dict[str, str], keys: tuple[str, ...]
) -> None:
    """The thousandth page costs what the first does: no scan, and no sorting of what was found."""
    with parts(app).store.writing() as session:
        link_database(session, office.site.site, crowd)
    path = f"/v1/databases/{crowd.id}/profiles"

    statement, parameters = search_statement(app, lambda: office.ask("GET", path, query_string=query | {"cursor": "9"}))
    plan = explain(app, statement, parameters)

    searched = [
        line for line in plan if line.startswith(("SEARCH", "Index Cond:")) and all(key in line for key in keys)
    ]
    assert searched, plan
    assert not [line for line in plan if "Seq Scan" in line or "SCAN profile" in line or "SCAN field" in line], plan


def search_statement(app: Flask, search: Callable[[], object]) -> tuple[str, Any]:
    """Return the statement that looks for profiles, as the database gets it."""
    engine = parts(app).store.engine
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        statements.append((" ".join(statement.split()), parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        search()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    [found] = [found for found in statements if "LIMIT" in found[0]]
    return found


def explain(app: Flask, statement: str, parameters: Any) -> list[str]:
    """Return the lines of the plan of a statement."""
    engine = parts(app).store.engine
    command = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        return [str(row[-1]).strip(" ->") for row in connection.exec_driver_sql(command + statement, parameters)]
