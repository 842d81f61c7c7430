"""What pages and workers of a site call: its config, their subscription, their events."""

from typing import Any

from flask import g, request

from sitebell.api.browser_schemas import (
    EXAMPLE_SUBSCRIPTION,
    EventsAnswer,
    EventsBody,
    ProofBody,
    RegistrationBody,
    SiteAnswer,
    SubscriptionAnswer,
    UnsubscribedAnswer,
)
from sitebell.api.context import now, rules, store, vault
from sitebell.api.failures import BODY, PAGE
from sitebell.api.routes import Routes
from sitebell.clock import from_epoch_milliseconds
from sitebell.models import Site, Subscription
from sitebell.services import limits
from sitebell.services.events import Report, record_events
from sitebell.services.subscriptions import (
    Address,
    Registration,
    parse_address,
    prove_subscription,
    put_subscription,
    unsubscribe,
)
from sitebell.services.vapid_keys import current_vapid_key

page = Routes(
    "page",
    __name__,
    url_prefix="/v1/sites/<token>",
    description="What the SDK calls. No key: endpoint and both keys of a subscription are the credential.",
)
PROOF = (*PAGE, *BODY, "invalid_endpoint", "invalid_keys", "rate_limited")


def _forget_token(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the token out of the views' arguments: admission has made `g.site` of it."""
    (values or {}).pop("token", None)


page.url_value_preprocessor(_forget_token)


@page.route("", methods=["GET"])
@page.response(200, SiteAnswer)
@page.fails(*PAGE)
def get_config() -> dict[str, Any]:
    """Read a site's public config."""
    site = _site()
    with store().reading() as session:
        key = current_vapid_key(session, site)
    return {
        "site": site.token,
        "name": site.name,
        "vapid_public_key": key.public_key,
        "worker": site.worker_path,
        "scope": site.worker_scope,
        "prompt": {},
    }


@page.route("/subscription", methods=["PUT"])
@page.arguments(RegistrationBody, example={"subscription": EXAMPLE_SUBSCRIPTION, "intent": "subscribe"})
@page.response(200, SubscriptionAnswer)
@page.alt_response(201, schema=SubscriptionAnswer, description="The subscription is new.", success=True)
@page.fails(*PROOF, "subscription_conflict", "unknown_vapid_key", "not_available")
def put_subscription_of_browser(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Register or refresh a subscription.

    A new endpoint that names the one it replaces as `previous` takes its place, with the same `subscriber_hash`. Only
    the intent `subscribe` brings back what the visitor has unsubscribed.
    """
    previous = body["previous"]
    registration = Registration(
        address=_address(body["subscription"]),
        intent=body["intent"],
        previous=_address(previous) if previous else None,
        vapid_public_key=body["vapid_public_key"],
        locale=body["locale"],
        time_zone=body["time_zone"],
    )
    _spend()
    with store().writing() as session:
        row, is_new = put_subscription(session, _site(), registration, now())
    return _shown(row), 201 if is_new else 200


@page.route("/subscription/status", methods=["POST"])
@page.arguments(ProofBody, example={"subscription": EXAMPLE_SUBSCRIPTION})
@page.response(200, SubscriptionAnswer)
@page.fails(*PROOF, "subscription_not_found")
def get_status(body: dict[str, Any]) -> dict[str, Any]:
    """Say how the server knows a subscription."""
    address = _address(body["subscription"])
    _spend()
    with store().writing() as session:
        row = prove_subscription(session, _site(), address)
    return _shown(row)


@page.route("/subscription/unsubscribe", methods=["POST"])
@page.arguments(ProofBody, example={"subscription": EXAMPLE_SUBSCRIPTION})
@page.response(200, UnsubscribedAnswer)
@page.fails(*PROOF, "subscription_not_found")
def end_subscription(body: dict[str, Any]) -> dict[str, Any]:
    """End a subscription; doing it again changes nothing."""
    address = _address(body["subscription"])
    _spend(limits.FAREWELLS)
    with store().writing() as session:
        unsubscribe(session, prove_subscription(session, _site(), address), now())
    return {"status": "unsubscribed"}


@page.route("/events", methods=["POST"])
@page.arguments(EventsBody, example={"events": [{"type": "shown", "receipt": "Q2x…", "at": 1_793_000_000_000}]})
@page.response(200, EventsAnswer)
@page.fails(*PROOF)
def post_events(body: dict[str, Any]) -> dict[str, int]:
    """Report what happened to notifications.

    Repetitions change nothing. An event whose credential fails is ignored and does not cost the others.
    """
    reports = [_report(event) for event in body["events"]]
    _spend(limits.EVENTS)
    with store().writing() as session:
        accepted, ignored = record_events(session, vault(), _site(), reports, now())
    return {"accepted": accepted, "ignored": ignored}


def _site() -> Site:
    site: Site = g.site
    return site


def _spend(quota: limits.Quota = limits.SUBSCRIPTIONS) -> None:
    """Take a token before the work, in a transaction of its own: it stays spent when the work is refused."""
    address, moment = request.remote_addr or "", now()
    with store().reading() as session:
        limits.check(session, _site(), address, moment, quota)
    with store().writing() as session:
        limits.spend(session, _site(), address, moment, quota)


def _address(subscription: dict[str, Any]) -> Address:
    keys = subscription["keys"]
    return parse_address(rules(), subscription["endpoint"], keys["p256dh"], keys["auth"])


def _report(event: dict[str, Any]) -> Report:
    subscription = event["subscription"]
    return Report(
        type=event["type"],
        receipt=event["receipt"],
        address=_address(subscription) if subscription else None,
        at=from_epoch_milliseconds(event["at"]),
        action=event["action"],
        data=event["data"],
    )


def _shown(row: Subscription) -> dict[str, Any]:
    return {"subscriber_hash": row.subscriber_hash, "status": row.status, "enrollments": []}
