"""Calls that write the same people in opposite orders: nobody waits in a circle, and none is refused."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from sitebell.models import Profile
from sitebell.services.locks import lock_profiles_by_id
from sitebell.services.matching import lock_identities
from support.back_end import BackEnd
from support.interleaving import interleave
from support.visitors import Browser, add_database, add_fields, known_of, noticed_of, profile_ids
from support.web_application import Json, parts

pytestmark = pytest.mark.databases("postgresql")  # SQLite has one writer at a time

A_PROFILE_IS_LOCKED = r"FROM profile\s+WHERE profile\.id (=|IN) .*FOR (NO KEY )?UPDATE"
AN_IDENTITY_IS_LOCKED = "pg_advisory_xact_lock"
ROWS = 2

NewBrowser = Callable[[], Browser]
Uploads = Callable[[], list[str]]


@pytest.fixture
def two(app: Flask, new_browser: NewBrowser) -> tuple[Browser, Browser]:
    """Two browsers, on a connection each."""
    one = new_browser()
    return one, Browser(app.test_client(), one.page)


def test_two_browsers_change_their_people_with_each_other(app: Flask, two: tuple[Browser, Browser]) -> None:
    for browser, name in zip(two, ("ann", "ben"), strict=True):
        browser.put(match={"external_id": name})

    answers = interleave(
        parts(app).store.engine,
        lambda: two[0].identify("ben"),
        lambda: two[1].identify("ann"),
        after=A_PROFILE_IS_LOCKED,
    )

    assert [answer["enrollments"][0]["status"] for answer in answers] == ["subscribed"] * 2


def test_two_browsers_of_the_same_two_people_each_name_another(app: Flask, two: tuple[Browser, Browser]) -> None:
    for browser in two:
        for name in ("ann", "ben"):
            browser.refresh(match={"external_id": name}, exclusive=False)

    answers = interleave(
        parts(app).store.engine,
        lambda: two[0].identify("ann", exclusive=False, time_zone="Europe/Rome"),
        lambda: two[1].identify("ben", exclusive=False, time_zone="Europe/Oslo"),
        after=A_PROFILE_IS_LOCKED,
    )

    told = [noticed_of(app, profile_id)["_tz"] for answer in answers for profile_id in profile_ids(answer)]
    assert told == ["Europe/Rome"] * 2, "the second waited for nobody, so the first came last"


def test_two_browsers_of_the_same_two_people_name_one_in_each_database(
    app: Flask, office: BackEnd, two: tuple[Browser, Browser]
) -> None:
    databases = [office.site.database_id, add_database(app, office.site)]
    for browser in two:
        browser.refresh(match={"external_id": "ann"})

    def name_in(database: int, browser: Browser) -> Callable[[], Json]:
        where: Json = {"database_ids": [database], "exclusive": False, "time_zone": "Europe/Rome"}
        return lambda: browser.identify("ann", **where)

    answers = interleave(parts(app).store.engine, *map(name_in, databases[::-1], two), after=A_PROFILE_IS_LOCKED)

    assert [answer["enrollments"][0]["status"] for answer in answers] == ["subscribed"] * 2


def statuses(app: Flask, office: BackEnd, rows: list[Json]) -> list[str]:
    """Upload rows as a back end of its own, and return what became of them."""
    own = BackEnd(app.test_client(), office.site)
    lines = "\n".join(map(json.dumps, rows))
    response = own.call("POST", f"{own.profiles}/bulk", data=lines, content_type="application/x-ndjson")
    return [json.loads(line)["status"] for line in response.text.splitlines()]


def by(key: str, *names: str) -> list[Json]:
    """Return rows that each find somebody by a key and write a field."""
    matches: dict[str, Callable[[str], Any]] = {
        "external_id": lambda name: name,
        "email": lambda name: f"{name}@example.com",
        "custom": lambda name: {"field": "card", "value": name},
    }
    return [{"match": {key: matches[key](name)}, "fields": {"_city": "Berlin"}} for name in names]


def test_uploads_that_name_the_same_people_by_different_keys_and_in_opposite_orders(
    app: Flask, office: BackEnd
) -> None:
    for name in ("ann", "ben"):
        office.add_profile(external_id=name, email=f"{name}@example.com")

    results = interleave(
        parts(app).store.engine,
        lambda: statuses(app, office, by("external_id", "ann", "ben")),
        lambda: statuses(app, office, by("email", "ben", "ann")),
        after=A_PROFILE_IS_LOCKED,
    )

    assert results == (["updated"] * ROWS, ["updated"] * ROWS)


def test_uploads_that_make_the_same_people_by_a_field_of_the_site_and_in_opposite_orders(
    app: Flask, office: BackEnd
) -> None:
    add_fields(app, office.site.database_id, card="text")

    results = interleave(
        parts(app).store.engine,
        lambda: statuses(app, office, by("custom", "ann", "ben")),
        lambda: statuses(app, office, by("custom", "ben", "ann")),
        after=AN_IDENTITY_IS_LOCKED,
    )

    assert sorted(results) == [["created"] * ROWS, ["updated"] * ROWS]


def test_an_erase_of_somebody_and_a_browser_beside_who_writes_both_its_profiles(
    app: Flask, office: BackEnd, browser: Browser
) -> None:
    """Its anonymous profile was made before the person's, and comes first in everybody's order."""
    both = [profile_ids(browser.put())[0], profile_ids(browser.identify("ann"))[0]]
    engine = parts(app).store.engine

    def write_both() -> None:
        with Session(engine) as session, session.begin():
            session.execute(text("SET LOCAL deadlock_timeout = '15s'"))
            lock_profiles_by_id(session, session.scalars(select(Profile.id)).all())

    erased, _ = interleave(engine, lambda: office.erase(both[1]), write_both, after=A_PROFILE_IS_LOCKED)

    assert erased["profiles"] == len(both)


def test_rows_that_somebody_else_made_wait_in_a_circle_are_written_after_all(app: Flask, office: BackEnd) -> None:
    """That somebody takes locks in another order than ours, and does not give way."""
    ann = office.add_profile(external_id="ann")
    engine = parts(app).store.engine

    def disturb() -> None:
        with Session(engine) as session, session.begin():
            session.execute(text("SET LOCAL deadlock_timeout = '15s'"))
            session.execute(select(Profile.id).with_for_update())
            lock_identities(session, office.site.database_id, [("external_id", "ann")])

    results, _ = interleave(
        engine, lambda: statuses(app, office, by("external_id", "ann")), disturb, after=AN_IDENTITY_IS_LOCKED
    )

    assert results == ["updated"]
    assert known_of(app, ann)["_city"] == "Berlin"
