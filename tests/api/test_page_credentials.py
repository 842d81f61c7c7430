"""What a browser reaches: its own subscription, and one delivery by its receipt (SEC-10, SEC-12, SEC-17)."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from api.route_requests import routes_of
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.web_application import Json, new_subscription, refusal, stored_rows

EVENT = {"type": "custom", "at": 1_793_000_000_000, "action": "seen"}
# How each route below a site's path takes the subscription that is its credential: one that is not here fails.
TAKING: dict[str, Callable[[Any], Json]] = {
    "PUT /subscription": lambda credential: {"subscription": credential},
    "POST /subscription/status": lambda credential: {"subscription": credential},
    "POST /subscription/unsubscribe": lambda credential: {"subscription": credential},
    "POST /subscription/logout": lambda credential: {"subscription": credential},
    "POST /subscription/pause": lambda credential: {"subscription": credential},
    "POST /subscription/resume": lambda credential: {"subscription": credential},
    "POST /subscription/notifications": lambda credential: {"subscription": credential},
    "POST /events": lambda credential: {"events": [{**EVENT, "subscription": credential}]},
}
CONFLICT, REFUSED = (409, "subscription_conflict"), (422, "invalid")
UNKNOWN, IGNORED = (404, "subscription_not_found"), (200, {"accepted": 0, "ignored": 1})
# What a kind of credential that is not good enough gets, and which routes say it in words of their own.
ANSWERS: dict[str, dict[str, tuple[int, Any]]] = {
    "no_keys": {"": REFUSED},
    "receipt": {"": REFUSED},
    "wrong_p256dh": {"": UNKNOWN, "PUT /subscription": CONFLICT, "POST /events": IGNORED},
    "wrong_auth": {"": UNKNOWN, "PUT /subscription": CONFLICT, "POST /events": IGNORED},
    # With these two a PUT subscribes, as a new browser does.
    "of_another_site": {"": UNKNOWN, "POST /events": IGNORED},
    "unknown": {"": UNKNOWN, "POST /events": IGNORED},
}


def credentials_of(own: Json, elsewhere: Json, receipt: str) -> Json:
    """Return what somebody might send who has not the whole subscription, or that of another site."""
    others = new_subscription()["keys"]
    return {
        "no_keys": {"endpoint": own["endpoint"]},
        "wrong_p256dh": {**own, "keys": {**own["keys"], "p256dh": others["p256dh"]}},
        "wrong_auth": {**own, "keys": {**own["keys"], "auth": others["auth"]}},
        "of_another_site": elsewhere,
        "unknown": new_subscription(),
        "receipt": receipt,
    }


def routes_of_pages(app: Flask) -> set[str]:
    """Return the routes below a site's path that take something."""
    below = {route.replace(" /v1/sites/<token>", " ") for route in routes_of(app) if " /v1/sites/<token>" in route}
    return below - {"GET "}


def test_sec_12_every_route_of_a_page_is_listed_with_its_credential(app: Flask) -> None:
    assert routes_of_pages(app) == set(TAKING)


def test_sec_12_the_subscription_opens_every_route(client: FlaskClient, page: str, office: BackEnd) -> None:
    """Else the next test would hold of nothing."""
    for route, taking in TAKING.items():
        own = new_subscription()
        office.subscribe(own)
        method, path = route.split()
        answer = client.open(page + path, method=method, json=taking(own))
        assert (answer.status_code, answer.get_json().get("accepted", 1)) == (200, 1), route


def test_sec_12_sec_17_nothing_less_than_the_subscription_of_the_site_opens_a_route_or_changes_anything(
    app: Flask, client: FlaskClient, page: str, subscribed: Json, receipt: str, other_office: BackEnd
) -> None:
    elsewhere = new_subscription()
    other_office.subscribe(elsewhere)
    before = stored_rows(app)

    for kind, credential in credentials_of(subscribed, elsewhere, receipt).items():
        for route, taking in TAKING.items():
            if route == "PUT /subscription" and kind in ("of_another_site", "unknown"):
                continue
            method, path = route.split()
            answer = client.open(page + path, method=method, json=taking(credential))
            told = answer.get_json() if answer.status_code == 200 else refusal(answer)[1]
            assert (answer.status_code, told) == ANSWERS[kind].get(route, ANSWERS[kind][""]), (kind, route)
    assert stored_rows(app) == before


def test_sec_17_a_receipt_of_another_site_reports_nothing(
    client: FlaskClient, receipt: str, new_site: Callable[[str], NewSite]
) -> None:
    elsewhere = f"/v1/sites/{new_site('https://other.example').site.token}"
    before = stored_rows(client.application)

    answer = client.post(f"{elsewhere}/events", json={"events": [{"type": "shown", "receipt": receipt, "at": 1}]})

    assert answer.json == {"accepted": 0, "ignored": 1}
    assert stored_rows(client.application) == before
