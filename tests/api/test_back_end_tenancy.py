"""A back end reaches its own site's browsers and the profiles of its own databases, whatever ids it knows (SEC-38)."""

from typing import Any

import pytest
from flask import Flask

from sitebell.services.databases import get_database, link_database
from support.back_end import BackEnd
from support.web_application import Json, parts, refusal, stored_rows

# Each route with a body that would be taken if the ids were the caller's own; an id in capitals is filled in.
REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "DATABASE/fields", None),
    ("POST", "DATABASE/fields", {"name": "plan", "type": "text"}),
    ("GET", "DATABASE/profiles", None),
    ("POST", "DATABASE/profiles", {"external_id": "ben"}),
    ("POST", "DATABASE/profiles/bulk", [{"match": {"external_id": "ben"}}]),
    ("GET", "DATABASE/profiles/PROFILE", None),
    ("PATCH", "DATABASE/profiles/PROFILE", {"external_id": "ben"}),
    ("POST", "DATABASE/profiles/PROFILE/merge", {"from": "OTHER"}),
    ("GET", "DATABASE/profiles/PROFILE/subscriptions", None),
    ("PUT", "DATABASE/profiles/PROFILE/subscriptions/SUBSCRIBER", {}),
    ("DELETE", "DATABASE/profiles/PROFILE/subscriptions/SUBSCRIBER", None),
    ("GET", "/v1/subscribers/SUBSCRIBER", None),
    ("POST", "/v1/subscribers/SUBSCRIBER/unsubscribe", None),
    ("POST", "/v1/subscribers/SUBSCRIBER/suspend", None),
    ("POST", "/v1/subscribers/SUBSCRIBER/resume", None),
]


@pytest.fixture
def app(shared_app: Flask) -> Flask:
    """One for all: each test has two sites of its own."""
    return shared_app


def people_of(office: BackEnd) -> Json:
    """Make a person with a browser; return what the ids in capitals stand for."""
    return {
        "DATABASE": office.database,
        "PROFILE": office.add_profile(external_id="ann"),
        "OTHER": office.add_profile(),
        "SUBSCRIBER": office.add_subscriber(match={"external_id": "ann"}),
    }


def fill(template: Any, ids: Json) -> Any:
    """Put ids in the place of their names."""
    if isinstance(template, dict):
        return {name: fill(value, ids) for name, value in template.items()}
    if isinstance(template, str):
        for name, value in ids.items():
            template = template.replace(name, value)
    return template


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_sec_38_every_route_works_with_ids_of_ones_own(office: BackEnd, method: str, path: str, body: Any) -> None:
    """Else the next test would hold of nothing."""
    ids = people_of(office)

    assert office.call(method, fill(path, ids), fill(body, ids)).status_code < 300


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_sec_38_the_ids_of_another_site_are_as_unknown_as_invented_ones(
    app: Flask, office: BackEnd, other_office: BackEnd, method: str, path: str, body: Any
) -> None:
    """Each foreign id alone among one's own, and all of them together."""
    own, foreign = people_of(office), people_of(other_office)
    invented = {"DATABASE": "/v1/databases/2000000000", "PROFILE": "0" * 24, "OTHER": "0" * 24, "SUBSCRIBER": "0" * 32}
    used = [name for name in own if name in path or name in str(body)]
    before = stored_rows(app)

    for names in [*([name] for name in used), used]:
        answers = [
            office.call(method, fill(path, ids), fill(body, ids))
            for ids in (own | {name: source[name] for name in names} for source in (foreign, invented))
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].data == answers[1].data
    assert stored_rows(app) == before


def test_sec_38_a_shared_database_shows_each_site_its_own_browsers(
    app: Flask, office: BackEnd, other_office: BackEnd
) -> None:
    with parts(app).store.writing() as session:
        link_database(session, other_office.site.site, get_database(session, office.site.database_id))
    ann = office.add_profile(external_id="ann")
    mine, theirs = (each.add_subscriber(match={"external_id": "ann"}) for each in (office, other_office))
    path = f"{office.profiles}/{ann}/subscriptions"

    for each, expected in ((office, mine), (other_office, theirs)):
        assert [row["subscriber_hash"] for row in each.ask("GET", path)["subscriptions"]] == [expected]
    assert refusal(office.call("DELETE", f"{path}/{theirs}")) == (404, "subscriber_not_found")


def test_sec_38_an_export_from_a_shared_database_tells_a_site_of_its_own_browsers_alone(
    app: Flask, office: BackEnd, other_office: BackEnd
) -> None:
    with parts(app).store.writing() as session:
        link_database(session, other_office.site.site, get_database(session, office.site.database_id))
    ann = office.add_profile(external_id="ann")
    mine, theirs = (each.add_subscriber(match={"external_id": "ann"}) for each in (office, other_office))
    other_office.ask(
        "POST", "/v1/messages", {"audience": {"external_ids": ["ann"]}, "notification": {"title": "Secret"}}
    )

    exported = office.call("GET", f"{office.profiles}/{ann}/export").text

    assert mine in exported
    assert [word for word in (theirs, "Secret", other_office.site.site.token) if word in exported] == []
