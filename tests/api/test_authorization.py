"""Which credential opens which route: the whole matrix, so that a new route without a row fails (SEC-10, SEC-38)."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from api.at_work import accepted_receipt, let_worker_live
from api.route_requests import body_for, carrying, fill, routes_of, things_of
from sitebell.models import Dialect, Quirk
from sitebell.services.keys import create_api_key, list_api_keys, revoke_api_key
from support.applications import Applications
from support.back_end import BackEnd
from support.dialects import ask_for, speak
from support.stopped_clock import StoppedClock
from support.web_application import Json, make_site, new_subscription, parts

ALLOWED, UNKNOWN_KEY, NO_SCOPE, HIDDEN, UNASKED = 0, 401, 403, 404, 422
# No key at all: the site's public token, another site's, a subscription's endpoint and a receipt, each as a Bearer.
STRANGERS = ("nobody", "public_token", "other_token", "subscription", "receipt", "revoked")
KINDS = (*STRANGERS, "read", "send", "manage", "other_site", "metrics")

# What each kind of credential gets: ALLOWED stands for any 2xx.
PUBLIC = dict.fromkeys(KINDS, ALLOWED)
CLOSED = dict.fromkeys((*STRANGERS, "metrics"), UNKNOWN_KEY) | {"other_site": HIDDEN}
READ = CLOSED | {"read": ALLOWED, "send": NO_SCOPE, "manage": NO_SCOPE}
SEND = CLOSED | {"read": NO_SCOPE, "send": ALLOWED, "manage": NO_SCOPE}
MANAGE = CLOSED | {"read": NO_SCOPE, "send": NO_SCOPE, "manage": ALLOWED}
QUIRK_OFF = dict.fromkeys(KINDS, NO_SCOPE)
METRICS = dict.fromkeys(KINDS, UNKNOWN_KEY) | {"metrics": ALLOWED}

MATRIX: dict[str, dict[str, int]] = {
    "GET /v1/sites/<token>": PUBLIC,
    "PUT /v1/sites/<token>/subscription": PUBLIC,
    "POST /v1/sites/<token>/subscription/status": PUBLIC,  # the body proves, here and below: test_page_credentials
    "POST /v1/sites/<token>/subscription/unsubscribe": PUBLIC,
    "POST /v1/sites/<token>/subscription/logout": PUBLIC,
    "POST /v1/sites/<token>/subscription/pause": PUBLIC,
    "POST /v1/sites/<token>/subscription/resume": PUBLIC,
    "POST /v1/sites/<token>/subscription/notifications": PUBLIC,
    "POST /v1/sites/<token>/events": PUBLIC,
    "POST /v1/messages": SEND | {"other_site": ALLOWED},  # a message of the other site, to its own subscribers
    "GET /v1/messages/<message_id>": READ,
    "POST /v1/messages/<draft_id>/send": SEND,
    "POST /v1/messages/<message_id>/cancel": SEND,
    "POST /v1/messages/<message_id>/pause": SEND,
    "POST /v1/messages/<message_id>/resume": SEND,
    "GET /v1/databases": READ | {"other_site": ALLOWED},  # the other site's own
    "GET /v1/databases/<database_id>/fields": READ,
    "POST /v1/databases/<database_id>/fields": MANAGE,
    "GET /v1/databases/<database_id>/profiles": READ,
    "POST /v1/databases/<database_id>/profiles": MANAGE,
    "POST /v1/databases/<database_id>/profiles/bulk": MANAGE,
    "GET /v1/databases/<database_id>/profiles/<profile_id>": READ,
    "PATCH /v1/databases/<database_id>/profiles/<profile_id>": MANAGE,
    "POST /v1/databases/<database_id>/profiles/<profile_id>/merge": MANAGE,
    "GET /v1/databases/<database_id>/profiles/<profile_id>/subscriptions": READ,
    "PUT /v1/databases/<database_id>/profiles/<profile_id>/subscriptions/<subscriber_hash>": MANAGE,
    "DELETE /v1/databases/<database_id>/profiles/<profile_id>/subscriptions/<subscriber_hash>": MANAGE,
    "GET /v1/subscribers/<subscriber_hash>": READ,
    "POST /v1/subscribers/check": READ | {"other_site": ALLOWED},  # to which all of them are unknown
    "POST /v1/subscribers/<subscriber_hash>/unsubscribe": MANAGE,
    "POST /v1/subscribers/<subscriber_hash>/suspend": MANAGE,
    "POST /v1/subscribers/<subscriber_hash>/resume": MANAGE,
    "POST /v1/subscribers/<subscriber_hash>/erase": MANAGE,
    "DELETE /v1/databases/<database_id>/profiles/<profile_id>": MANAGE,
    "GET /v1/databases/<database_id>/profiles/<profile_id>/export": MANAGE,
    "GET /v1/topics": READ | {"other_site": ALLOWED},  # the other site's own, as everything without an id in its path
    "PUT /v1/topics": MANAGE | {"other_site": ALLOWED},
    "POST /v1/audiences/preview": READ | {"other_site": ALLOWED},
    "POST /v1/links": MANAGE | {"other_site": ALLOWED},
    "GET /v1/identity/keys": MANAGE | {"other_site": ALLOWED},
    "POST /v1/identity/keys": MANAGE | {"other_site": ALLOWED},
    "DELETE /v1/identity/keys/<kid>": MANAGE,
    "GET /v1/webhooks": READ | {"other_site": ALLOWED},
    "POST /v1/webhooks": MANAGE | {"other_site": ALLOWED},
    "GET /v1/webhooks/<webhook_id>": READ,
    "PATCH /v1/webhooks/<webhook_id>": MANAGE,
    "DELETE /v1/webhooks/<webhook_id>": MANAGE,
    "POST /v1/webhooks/<webhook_id>/rotate": MANAGE,
    "POST /v1/webhooks/<webhook_id>/test": MANAGE,
    "GET /v1/webhooks/<webhook_id>/calls": READ,
    "POST /v1/webhooks/<webhook_id>/calls/<call_id>/retry": MANAGE,
    "POST /apiv1/notifications": SEND,  # the other site speaks no dialect
    "GET /apiv1/notifications": READ,
    "POST /apiv1/subscribers/check": READ,
    "POST /apiv1/segments/addSegmentWithHash": MANAGE,
    "POST /apiv1/profile": MANAGE,
    "GET /apiv1/analytics/summary": READ,
    "GET /apiv1/triggers/<trigger_id>": READ | {"read": HIDDEN},  # there are none
    "POST /subscription/sync/<channel_id>": MANAGE | {"nobody": NO_SCOPE},  # without a key an id writes: a quirk
    "GET /subscription": READ | {"read": UNASKED, "other_site": UNASKED},  # it asks for what is not in its path
    "POST /notification/send": SEND,
    "GET /channels": READ | {"other_site": HIDDEN},  # the other site does not speak the dialect
    "GET /channel/<channel_id>/subscription-count": READ,
    "GET /channel/<channel_id>/subscriptions": READ,
    "GET /channel/<channel_id>/notifications": READ,
    "GET /channel/<channel_id>/notification/<message_id>/hourly-statistics": READ,
    "GET /channel/<channel_id>/tags": READ,
    "GET /channel/<channel_id>/config": PUBLIC,
    "POST /channel/confirm-alert": PUBLIC,  # this and the next two change nothing
    "POST /notification/delivered": PUBLIC,
    "POST /notification/clicked": PUBLIC,
    "POST /subscription/tag": QUIRK_OFF,  # an id is no credential: test_cleverpush_id_writes
    "POST /subscription/untag": QUIRK_OFF,
    "POST /subscription/topic/add": QUIRK_OFF,
    "POST /subscription/topic/remove": QUIRK_OFF,
    "POST /subscription/attribute": QUIRK_OFF,
    "POST /subscription/attribute/push-value": QUIRK_OFF,
    "POST /subscription/attribute/pull-value": QUIRK_OFF,
    "POST /subscription/attribute/clear": QUIRK_OFF,
    "POST /subscription/event": QUIRK_OFF,
    "POST /subscription/conversion": QUIRK_OFF,
    "POST /subscription/session/start": QUIRK_OFF,
    "POST /subscription/session/end": QUIRK_OFF,
    "POST /subscription/mark-as-test": QUIRK_OFF,
    "POST /subscription/stop-campaigns": QUIRK_OFF,
    "POST /subscription/unsubscribe": QUIRK_OFF,
    "POST /push_subscribe": PUBLIC,  # the body names the resource
    "POST /api/v1.1/subscriptions/set": MANAGE,  # the body carries the key, here and below
    "POST /api/v1.1/profiles/import": MANAGE,
    "POST /api/v1.1/pushes/post_events": SEND,
    "GET /api/v1.1/pushes/crypto_post_events": PUBLIC,  # the receipt in the query is the credential
    "GET /confirm/<site_token>/<token>": dict.fromkeys(KINDS, HIDDEN),  # the link itself is the credential
    "POST /confirm/<site_token>/<token>": dict.fromkeys(KINDS, HIDDEN),
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
    "GET /sdk/v1/errors.json": PUBLIC,
}
MATRIX |= {f"GET /sdk/v1/{dialect}.{kind}": PUBLIC for dialect in Dialect for kind in ("js", "src.js")}
MESSAGE = {"audience": {"everyone": True}, "notification": {"title": "Hello"}}
TAKING_AWAY = {
    *(route for route in MATRIX if route.startswith("DELETE ")),
    "POST /v1/sites/<token>/subscription/unsubscribe",
    "POST /v1/sites/<token>/subscription/logout",
    "POST /v1/messages/<draft_id>/send",
    "POST /v1/messages/<message_id>/cancel",
    "POST /v1/databases/<database_id>/profiles/<profile_id>/merge",
    "POST /v1/subscribers/<subscriber_hash>/unsubscribe",
    "POST /v1/subscribers/<subscriber_hash>/erase",
}


def test_sec_10_every_route_has_a_row(shared_app: Flask) -> None:
    assert routes_of(shared_app) == set(MATRIX)


@dataclass(frozen=True)
class World:
    """A site with one thing of each kind, and the headers of each kind of caller."""

    client: FlaskClient
    subscribed: Json
    ids: dict[str, str]
    credentials: dict[str, dict[str, str]]


def make_world(app: Flask, *quirks: Quirk) -> World:
    """Fill an empty installation, with a site that has asked for some quirks."""
    context = parts(app)
    site, other = make_site(app), make_site(app, "https://other.example")
    office = BackEnd(app.test_client(), site)
    subscribed = new_subscription()
    office.subscribe(subscribed)
    message_id = office.ask("POST", "/v1/messages", MESSAGE)["id"]
    texts = {
        "metrics": "metrics-token-of-tests",
        "other_site": other.api_key,
        "other_token": other.site.token,
        "public_token": site.site.token,
        "subscription": subscribed["endpoint"],
        "receipt": accepted_receipt(app, site, subscribed, message_id, context.clock),
        "revoked": site.api_key,
    }
    ids = things_of(office, subscribed, message_id)
    let_worker_live(app)
    speak(app, site, *Dialect)
    ask_for(app, site, *quirks)
    with context.store.writing() as session:
        for scope in ("read", "send", "manage"):
            _, texts[scope] = create_api_key(session, site.site, name=scope, scopes=[scope], now=context.clock())
        [first, *_] = list_api_keys(session, site.site)
        revoke_api_key(session, site.site, first.id, context.clock())
    headers = {kind: {"Authorization": f"Bearer {text}"} for kind, text in texts.items()}
    return World(app.test_client(), subscribed, ids, {"nobody": {}} | headers)


@pytest.fixture(scope="module")
def shared_world(shared_app: Flask) -> World:
    """For all routes that leave there what the others ask for; who is refused changes nothing anyhow."""
    return make_world(shared_app)


@pytest.fixture(scope="module")
def quirky_world(applications: Applications) -> Iterator[World]:
    """One of a site that lets an id alone write."""
    with applications.fresh(StoppedClock()) as app:
        world = make_world(app, Quirk.CLEVERPUSH_ID_WRITES)
        manage = world.credentials["manage"]
        likes = {"name": "likes", "type": "list"}
        world.client.put("/v1/topics", json={"topics": [{"name": "news", "title": "News"}]}, headers=manage)
        world.client.post(fill("/v1/databases/<database_id>/fields", world.ids), json=likes, headers=manage)
        yield world


@pytest.fixture
def world(applications: Applications, shared_world: World, route: str) -> Iterator[World]:
    """The shared one, or one of its own for a route that takes something away."""
    if route not in TAKING_AWAY:
        yield shared_world
        return
    with applications.fresh(StoppedClock()) as app:
        yield make_world(app)


@pytest.mark.parametrize("route", MATRIX)
def test_sec_10_a_route_opens_to_its_credentials_alone(world: World, route: str) -> None:
    assert outcomes(world, route) == MATRIX[route]


@pytest.mark.parametrize("route", [route for route, row in MATRIX.items() if row is QUIRK_OFF])
def test_sec_10_a_quirk_opens_its_routes_to_whoever_knows_an_id(quirky_world: World, route: str) -> None:
    assert outcomes(quirky_world, route) == PUBLIC


def outcomes(world: World, route: str) -> dict[str, int]:
    """Return what each kind of credential gets."""
    method, path = route.split(" ")

    def outcome(kind: str) -> int:
        headers = world.credentials[kind]
        body = carrying(headers, body_for(route, world.ids, world.subscribed, MESSAGE))
        status = world.client.open(fill(path, world.ids), method=method, json=body, headers=headers).status_code
        return ALLOWED if status < 300 else status

    return {kind: outcome(kind) for kind in KINDS}
