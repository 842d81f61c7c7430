"""Which credential opens which route: the whole matrix, so that a new route without a row fails (SEC-10, SEC-38)."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.services.keys import create_api_key, list_api_keys, revoke_api_key
from sitebell.services.sites import NewSite
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription, parts

ALLOWED, UNKNOWN_KEY, NO_SCOPE, HIDDEN = 0, 401, 403, 404
KINDS = ("nobody", "read", "send", "manage", "revoked", "other_site", "metrics")

# What each kind of credential gets: ALLOWED stands for any 2xx.
PUBLIC = dict.fromkeys(KINDS, ALLOWED)
READ = {"nobody": 401, "read": 0, "send": 403, "manage": 403, "revoked": 401, "other_site": 404, "metrics": 401}
SEND = {"nobody": 401, "read": 403, "send": 0, "manage": 403, "revoked": 401, "other_site": 404, "metrics": 401}
METRICS = dict.fromkeys(KINDS, UNKNOWN_KEY) | {"metrics": ALLOWED}

MATRIX: dict[str, dict[str, int]] = {
    "GET /v1/sites/<token>": PUBLIC,
    "PUT /v1/sites/<token>/subscription": PUBLIC,
    "POST /v1/sites/<token>/subscription/status": PUBLIC,  # the body proves; see test_page_routes
    "POST /v1/sites/<token>/subscription/unsubscribe": PUBLIC,
    "POST /v1/sites/<token>/events": PUBLIC,
    "POST /v1/messages": SEND | {"other_site": ALLOWED},  # a message of the other site, to its own subscribers
    "GET /v1/messages/<message_id>": READ,
    "POST /v1/messages/<message_id>/cancel": SEND,
    "POST /v1/messages/<message_id>/pause": SEND,
    "POST /v1/messages/<message_id>/resume": SEND,
    "GET /livez": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": METRICS,
    "GET /docs": PUBLIC,
    "GET /docs/<name>": PUBLIC,
    "GET /docs/sdk": PUBLIC,
    "GET /v1/openapi.json": PUBLIC,
    "GET /sdk/v1/sitebell.js": PUBLIC,
    "GET /sdk/v1/sitebell.src.js": PUBLIC,
    "GET /sdk/v1/worker.js": PUBLIC,
    "GET /sdk/v1/worker.src.js": PUBLIC,
    "GET /sdk/v1/sitebell.d.ts": PUBLIC,
}


def routes_of(app: Flask) -> set[str]:
    """Return every route as `METHOD /path`."""
    rules = app.url_map.iter_rules()
    return {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def test_sec_10_every_route_has_a_row(app: Flask) -> None:
    assert routes_of(app) == set(MATRIX)


@pytest.fixture
def credentials(
    app: Flask, site: NewSite, new_site: Callable[[str], NewSite], clock: StoppedClock
) -> dict[str, dict[str, str]]:
    """The headers of each kind of caller."""
    texts = {"metrics": "metrics-token-of-tests", "other_site": new_site("https://other.example").api_key}
    with parts(app).store.writing() as session:
        for scope in ("read", "send", "manage"):
            _, texts[scope] = create_api_key(session, site.site, name=scope, scopes=[scope], now=clock())
        [first, *_] = list_api_keys(session, site.site)
        revoke_api_key(session, site.site, first.id, clock())
    texts["revoked"] = site.api_key
    return {"nobody": {}} | {kind: {"Authorization": f"Bearer {text}"} for kind, text in texts.items()}


def body_for(route: str, subscribed: Json, message: Json) -> Json | None:
    if "/subscription" in route:
        return {"subscription": new_subscription() if route.startswith("PUT") else subscribed}
    if route.endswith("/events"):
        return {"events": [{"type": "shown", "receipt": "x", "at": 0}]}
    return message if route == "POST /v1/messages" else None


@pytest.mark.usefixtures("living_worker")
@pytest.mark.parametrize("route", MATRIX)
def test_sec_10_a_route_opens_to_its_credentials_alone(
    client: FlaskClient,
    page: str,
    subscribed: Json,
    message: Json,
    message_id: str,
    credentials: dict[str, dict[str, str]],
    route: str,
) -> None:
    method, path = route.split(" ")
    path = path.replace("/v1/sites/<token>", page).replace("<message_id>", message_id).replace("<name>", "page.js")

    def outcome(kind: str) -> int:
        body = body_for(route, subscribed, message)
        status = client.open(path, method=method, json=body, headers=credentials[kind]).status_code
        return ALLOWED if status < 300 else status

    assert {kind: outcome(kind) for kind in KINDS} == MATRIX[route]
