"""A back end reaches its own site's browsers and the profiles of its own databases, whatever ids it knows (SEC-38)."""

import pytest
from flask import Flask

from api.route_requests import body_for, fill, routes_of, things_of
from sitebell.models import Dialect
from sitebell.services.databases import get_database, link_database
from support.back_end import BackEnd
from support.dialects import speak
from support.web_application import Json, new_subscription, parts, refusal, stored_rows

pytestmark = pytest.mark.shared_app


@pytest.fixture(autouse=True)
def _dialects(app: Flask, office: BackEnd, other_office: BackEnd) -> None:
    """Else every route of a dialect would answer that it knows no such site."""
    for each in (office, other_office):
        speak(app, each.site, *Dialect)


def back_end_routes(app: Flask) -> list[str]:
    """Return the routes with the id of something that belongs to a site; test_authorization opens each with own ids."""
    of_pages_and_readers = ("/v1/sites/<token>", "/channel/<channel_id>/config", "/docs/")
    return sorted(r for r in routes_of(app) if "<" in r and not r.split()[1].startswith(of_pages_and_readers))


def test_sec_38_the_ids_of_another_site_are_as_unknown_as_invented_ones(
    app: Flask, office: BackEnd, other_office: BackEnd, message: Json
) -> None:
    """Each foreign id alone among one's own, and all of them together, at every route of the URL map."""

    def answer_to(route: str, ids: dict[str, str]) -> tuple[int, bytes]:
        method, path = route.split()
        answer = office.call(method, fill(path, ids), body_for(route, ids, {}, message))
        return answer.status_code, answer.data

    own, foreign = (
        things_of(each, new_subscription(), each.ask("POST", "/v1/messages", message)["id"])
        for each in (office, other_office)
    )
    invented = {name: "2000000000" if own[name].isdigit() else "0" * len(own[name]) for name in own}
    before, told_apart = stored_rows(app), []

    for route in back_end_routes(app):
        request = f"{route} {body_for(route, {name: name for name in own}, {}, message)}"
        used = [name for name in own if name in request]
        for names in [*([name] for name in used), used]:
            as_foreign, as_invented = (
                answer_to(route, own | {name: source[name] for name in names}) for source in (foreign, invented)
            )
            if as_foreign[0] != 404 or as_foreign != as_invented:
                told_apart.append((route, names, as_foreign, as_invented))

    assert told_apart == []
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
