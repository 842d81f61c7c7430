"""Whose browser it is: how a profile is found, or made, in each database of a site."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from sitebell.models import Profile
from sitebell.services.sites import NewSite
from support.visitors import Browser, add_fields, count_profiles, known_of, profile_ids
from support.web_application import new_subscription, parts, refusal, stored_rows

NewBrowser = Callable[[], Browser]
WAYS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"external_id": "c-1"}, {"external_id": "c-1"}),
    ({"email": "ann@example.com"}, {"email": "ann@example.com"}),
    ({"phone": "+49 30 901820"}, {"phones": ["+4930901820"]}),
    ({"custom": {"field": "card", "value": "A 1"}}, {"card": "A 1"}),
    ({"custom": {"field": "number", "value": 7}}, {"number": 7}),
    ({"custom": {"field": "born", "value": "1990-05-31"}}, {"born": "1990-05-31"}),
    ({"custom": {"field": "since", "value": "2026-01-02T03:04:05+02:00"}}, {"since": "2026-01-02T01:04:05Z"}),
    ({"custom": {"field": "price", "value": 9.99}}, {"price": 9.99}),
    ({"custom": {"field": "member", "value": False}}, {"member": False}),
    ({"custom": {"field": "likes", "value": "tea"}}, {"likes": ["tea"]}),
]
KINDS = {
    "card": "text",
    "number": "integer",
    "born": "date",
    "since": "datetime",
    "price": "decimal",
    "member": "boolean",
    "likes": "list",
}
each_way = pytest.mark.parametrize(("match", "written"), WAYS, ids=lambda value: "-".join(map(str, value)))


@pytest.fixture
def database_id(app: Flask, site: NewSite) -> int:
    """The site's database, with a field of each type."""
    add_fields(app, site.database_id, **KINDS)
    return site.database_id


@pytest.mark.usefixtures("database_id")
@each_way
def test_an_unknown_person_becomes_a_profile_with_the_match_values_in_it(
    app: Flask, browser: Browser, match: dict[str, Any], written: dict[str, Any]
) -> None:
    [profile_id] = profile_ids(browser.put(match=match))

    assert known_of(app, profile_id) == written


@pytest.mark.usefixtures("database_id")
@each_way
def test_a_known_person_is_found_again_from_another_browser(
    app: Flask, new_browser: NewBrowser, match: dict[str, Any], written: dict[str, Any]
) -> None:
    first, second = (profile_ids(new_browser().put(match=match)) for _ in range(2))

    assert first == second
    assert (count_profiles(app), known_of(app, first[0])) == (1, written)


def test_a_profile_id_finds_its_profile(app: Flask, new_browser: NewBrowser) -> None:
    known = profile_ids(new_browser().put(match={"external_id": "c-1"}))

    assert profile_ids(new_browser().put(match={"profile_id": known[0]})) == known
    assert count_profiles(app) == 1


def test_an_unknown_profile_id_is_the_rows_error_and_invents_nobody(
    app: Flask, site: NewSite, new_browser: NewBrowser
) -> None:
    """Even if another value of the match would find somebody."""
    new_browser().put(match={"email": "ann@example.com"})

    [row] = new_browser().put(match={"profile_id": "0" * 24, "email": "ann@example.com"})["enrollments"]

    assert row.pop("message")
    assert row == {
        "database_id": site.database_id,
        "profile_id": None,
        "status": "error",
        "error": "profile_not_found",
    }
    assert count_profiles(app) == 1


def test_a_profile_id_of_another_database_is_unknown(
    new_browser: NewBrowser, new_site: Callable[[str], NewSite], client: FlaskClient
) -> None:
    """SEC-38: of a database that serves another site."""
    other = new_site("https://other.example")
    [foreign] = profile_ids(Browser(client, f"/v1/sites/{other.site.token}").put())

    [row] = new_browser().put(match={"profile_id": foreign})["enrollments"]

    assert row["error"] == "profile_not_found"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"external_id": "c-1"}, {"email": "ann@example.com"}),
        ({"email": "ann@example.com"}, {"phone": "+4930901820"}),
        ({"phone": "+4930901820"}, {"custom": {"field": "card", "value": "A 1"}}),
    ],
    ids=lambda match: next(iter(match)),
)
@pytest.mark.usefixtures("database_id")
def test_the_first_key_that_finds_somebody_counts(
    new_browser: NewBrowser, first: dict[str, Any], second: dict[str, Any]
) -> None:
    of_second = profile_ids(new_browser().put(match=second))
    of_first = profile_ids(new_browser().put(match=first))

    assert profile_ids(new_browser().put(match=second | first)) == of_first
    assert of_first != of_second


def test_a_key_that_finds_nobody_gives_way_to_the_next(app: Flask, new_browser: NewBrowser) -> None:
    known = profile_ids(new_browser().put(match={"email": "ann@example.com"}))

    assert profile_ids(new_browser().put(match={"external_id": "c-1", "email": "ann@example.com"})) == known
    assert count_profiles(app) == 1


def test_match_values_are_not_written_into_a_profile_that_was_found(app: Flask, new_browser: NewBrowser) -> None:
    [known] = profile_ids(new_browser().put(match={"external_id": "c-1", "email": "ann@example.com"}))

    new_browser().put(match={"external_id": "c-1", "email": "eve@example.com", "phone": "+4930901820"})

    assert known_of(app, known) == {"external_id": "c-1", "email": "ann@example.com"}


@pytest.mark.usefixtures("database_id")
@pytest.mark.parametrize(
    "shared", [{"email": "home@example.com"}, {"phone": "+4930901820"}, {"custom": {"field": "card", "value": "A 1"}}]
)
def test_who_shares_an_address_with_somebody_of_another_external_id_is_somebody_else(
    new_browser: NewBrowser, shared: dict[str, Any]
) -> None:
    """A family has one e-mail address and two accounts."""
    ann = profile_ids(new_browser().put(match={"external_id": "ann", **shared}))
    bob = profile_ids(new_browser().put(match={"external_id": "bob", **shared}))

    assert ann != bob
    assert profile_ids(new_browser().put(match={"external_id": "bob"})) == bob


def test_of_several_profiles_with_one_email_the_oldest_is_found(new_browser: NewBrowser) -> None:
    ann = profile_ids(new_browser().put(match={"external_id": "ann", "email": "home@example.com"}))
    new_browser().put(match={"external_id": "bob", "email": "home@example.com"})

    assert profile_ids(new_browser().put(match={"email": "home@example.com"})) == ann


@pytest.mark.parametrize(("others", "found"), [(99, "nameless"), (100, "new")])
def test_behind_a_hundred_of_other_external_ids_nobody_is_looked_for(
    app: Flask, site: NewSite, browser: Browser, others: int, found: str
) -> None:
    """Or whoever brings new external ids with one address makes each of these calls dearer than the last."""
    now = parts(app).clock()
    own = {"database_id": site.database_id, "email": "all@example.com", "created_at": now, "updated_at": now}
    rows = [own | {"public_id": f"{number:024x}", "external_id": f"n{number}"} for number in range(others)]
    with parts(app).store.writing() as session:
        session.execute(insert(Profile), [*rows, own | {"public_id": "f" * 24, "external_id": None}])

    [profile_id] = profile_ids(browser.put(match={"external_id": "new", "email": "all@example.com"}))

    assert found == ("nameless" if profile_id == "f" * 24 else "new")


@pytest.mark.parametrize("written", ["ann@example.com", " Ann@Example.COM ", "ANN@EXAMPLE.COM"])
def test_an_email_address_is_found_however_it_is_written(new_browser: NewBrowser, written: str) -> None:
    known = profile_ids(new_browser().put(match={"email": "ann@example.com"}))

    assert profile_ids(new_browser().put(match={"email": written})) == known


@pytest.mark.parametrize("written", ["+49 (30) 90-18-20", "+49030901820", "+4930901820"])
def test_a_phone_number_is_found_however_it_is_written(new_browser: NewBrowser, written: str) -> None:
    known = profile_ids(new_browser().put(match={"phone": "+49 30 901820"}))

    assert profile_ids(new_browser().put(match={"phone": written})) == known


@pytest.mark.parametrize("written", ["ann@shop.test", "ann@corp.local", "ann@mailhost", "ann@localhost"])
def test_an_address_of_a_staging_or_intranet_system_is_one(new_browser: NewBrowser, written: str) -> None:
    known = profile_ids(new_browser().put(match={"email": written}))

    assert profile_ids(new_browser().put(match={"email": written.upper()})) == known


@pytest.mark.parametrize(
    ("match", "code"),
    [
        ({"email": "ann"}, "invalid_email"),
        ({"email": "ann@"}, "invalid_email"),
        ({"email": "ann@mail host"}, "invalid_email"),
        ({"email": "ann@example.com, bob@example.com"}, "invalid_email"),
        ({"phone": "030 901820"}, "invalid_phone"),
        ({"phone": "+1"}, "invalid_phone"),
        ({"phone": "call me"}, "invalid_phone"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_and_nothing_stored(
    app: Flask, client: FlaskClient, page: str, match: dict[str, Any], code: str
) -> None:
    before = stored_rows(app)

    answer = client.put(f"{page}/subscription", json={"subscription": new_subscription(), "match": match})

    assert refusal(answer) == (422, code)
    assert stored_rows(app) == before


def test_a_value_is_compared_by_the_type_of_its_field(app: Flask, database_id: int, new_browser: NewBrowser) -> None:
    """The number 123 is not the text "123"."""
    add_fields(app, database_id, code="text")
    new_browser().put(match={"custom": {"field": "code", "value": "123"}})

    [row] = new_browser().put(match={"custom": {"field": "code", "value": 123}})["enrollments"]

    assert row["error"] == "invalid_value"
