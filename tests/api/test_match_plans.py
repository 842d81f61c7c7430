"""People are found through an index, whatever they are asked for by: read from the database's own query plan."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, text

from sitebell.models import FieldValue, Profile, ProfilePhone
from sitebell.services.fields.defining import fields_by_name
from sitebell.services.fields.values import column_of, to_rows
from sitebell.services.sites import NewSite
from support.visitors import Browser, add_fields
from support.web_application import parts

Asked = tuple[str, Any]
CASES: list[tuple[dict[str, Any], str, set[str]]] = [
    ({"external_id": "ann"}, "profile", {"database_id", "external_id"}),
    ({"email": "ann@example.com"}, "profile", {"database_id", "email"}),
    ({"phone": "+4930901820"}, "profile_phone", {"database_id", "phone"}),
    ({"custom": {"field": "card", "value": "A"}}, "field_value", {"field_id", "text"}),
    ({"custom": {"field": "likes", "value": "A"}}, "field_value", {"field_id", "text"}),
    ({"custom": {"field": "points", "value": 7}}, "field_value", {"field_id", "number"}),
    ({"custom": {"field": "since", "value": "2026-12-24T18:00:00Z"}}, "field_value", {"field_id", "time"}),
]
FIELDS = {"card": "text", "likes": "list", "points": "integer", "since": "datetime"}
A_SEARCH = re.compile(r"SEARCH|Index Cond")
A_SCAN = re.compile(r"\bSCAN\b|Seq Scan")


@pytest.mark.parametrize(
    ("match", "table", "columns"), CASES, ids=lambda value: str(sorted(value) if isinstance(value, set) else value)[:60]
)
def test_a_person_is_looked_up_in_an_index_over_all_that_is_asked(
    app: Flask, site: NewSite, browser: Browser, match: dict[str, Any], table: str, columns: set[str]
) -> None:
    add_fields(app, site.database_id, **FIELDS)
    fill(app, site.database_id)
    asked: list[Asked] = []
    engine = parts(app).store.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, values, *_: asked.append((sql, values)))

    browser.put(match=match)

    [lookup, *_] = [one for one in asked if is_lookup(one[0], {f"{table}.{column} = " for column in columns})]
    plan = plan_of(app, lookup)
    searches = [set(re.findall(r"\w+", line)) for line in plan if A_SEARCH.search(line)]
    assert any(columns <= words for words in searches), plan
    assert not any(map(A_SCAN.search, plan)), plan


def is_lookup(sql: str, conditions: set[str]) -> bool:
    """Say whether a statement looks for profiles by these conditions."""
    return sql.startswith("SELECT profile.id") and all(condition in sql for condition in conditions)


def plan_of(app: Flask, asked: Asked) -> list[str]:
    """Return how the database would answer, line by line."""
    sql, values = asked
    with parts(app).store.engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
        return [str(row[-1]) for row in connection.exec_driver_sql(explain + sql, values)]


def fill(app: Flask, database_id: int) -> None:
    """Store a thousand people who have everything; a small table would be read as a whole."""
    now, numbers = parts(app).clock(), range(10_001, 11_001)
    moments = {"database_id": database_id, "created_at": now, "updated_at": now}
    with parts(app).store.writing() as session:
        fields = [field for name, field in fields_by_name(session, database_id).items() if name in FIELDS]
        people = [{"id": n, "public_id": f"{n:024}", "external_id": f"c-{n}", "email": f"c{n}@x.org"} for n in numbers]
        session.execute(insert(Profile), [person | moments for person in people])
        phones = [{"profile_id": n, "phone": f"+49{n:08}", "database_id": database_id} for n in numbers]
        session.execute(insert(ProfilePhone), phones)
        cells: dict[str, Callable[[int], Any]] = {"text": str, "number": int, "time": lambda n: now + timedelta(days=n)}
        values = [row for field in fields for n in numbers for row in to_rows(n, field, [cells[column_of(field)](n)])]
        session.execute(insert(FieldValue), values)
        session.execute(text("ANALYZE"))
