"""What pages and workers of a site call: its config, their subscription, their events."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import g
from sqlalchemy.orm import Session

from sitebell.api.browser_schemas import (
    EXAMPLE_SUBSCRIPTION,
    EventsAnswer,
    EventsBody,
    PauseBody,
    ProofBody,
    ReceivedListAnswer,
    RegistrationBody,
    SiteAnswer,
    UnsubscribedAnswer,
)
from sitebell.api.membership import MembershipAnswer, read_introduction, show_membership, show_registered
from sitebell.clock import from_epoch_milliseconds
from sitebell.models import EventType, Site, Subscription
from sitebell.services import limits
from sitebell.services.binding.enrolling import detach
from sitebell.services.binding.enrollments import list_enrollments, pause, resume, resume_due
from sitebell.services.binding.registering import register
from sitebell.services.events import Report, record_events
from sitebell.services.received import list_received
from sitebell.services.subscriptions.lifecycle import (
    Address,
    Registration,
    parse_address,
    prove_subscription,
    unsubscribe,
)
from sitebell.services.topics import chosen_topics, list_topics
from sitebell.services.vapid_keys import list_vapid_keys
from sitebell.services.visitors.facts import NOBODY
from sitebell.web.context import now, rules, store, vault
from sitebell.web.failures import BODY, PAGE, describe
from sitebell.web.quotas import spend
from sitebell.web.routes import Routes
from sitebell.web.visitor import read_visitor

page = Routes(
    "page",
    __name__,
    url_prefix="/v1/sites/<token>",
    description="What the SDK calls. No key: endpoint and both keys of a subscription are the credential.",
)
ROWS = (
    "profile_not_found",
    "no_profile",
    "unknown_field",
    "invalid_value",
    "invalid_operation",
    "invalid_email",
    "invalid_phone",
    "invalid_tag",
    "too_many_tags",
)
INTRODUCTION = ("no_database", "unknown_database", "invalid_email", "invalid_phone")
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
        keys = [pair.public_key for pair in list_vapid_keys(session, site)]
        topics = list_topics(session, site)
    return {
        "site": site.token,
        "name": site.name,
        "vapid_public_key": keys[0],
        "vapid_public_keys": keys,
        "worker": site.worker_path,
        "scope": site.worker_scope,
        "topics": [{"name": topic.name, "title": topic.title} for topic in topics],
        "prompt": {},
    }


@page.route("/subscription", methods=["PUT"])
@page.arguments(RegistrationBody, example={"subscription": EXAMPLE_SUBSCRIPTION, "intent": "subscribe"})
@page.response(200, MembershipAnswer, description=f"Done. The `error` of a database is one of:\n{describe(ROWS)}")
@page.alt_response(201, schema=MembershipAnswer, description="The subscription is new.", success=True)
@page.fails(*PROOF, "subscription_conflict", "unknown_vapid_key", "unknown_topic", *INTRODUCTION)
def put_subscription_of_browser(body: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Register or refresh a subscription.

    A new endpoint that names the one it replaces as `previous` takes its place, with the same `subscriber_hash`. Only
    the intent `subscribe` brings back what the visitor has unsubscribed.

    With `match` the subscription is bound to a profile in each database; one database may fail, with its `error`, while
    the others succeed. A refused `identity` leaves the browser bound as it was, a refused `link` too; the answer says
    why, and the rest of the call is done.
    """
    previous = body["previous"]
    registration = Registration(
        address=_address(body["subscription"]),
        intent=body["intent"],
        previous=_address(previous) if previous else None,
        vapid_public_key=body["vapid_public_key"],
        locale=body["locale"],
        time_zone=body["time_zone"],
        topics=body["topics"],
    )
    who, token, link = read_introduction(body), body["identity"], body["link"]
    spend(_site())
    visitor = read_visitor()
    with store().writing() as session:
        done = register(session, vault(), _site(), registration, who, token, now(), link=link, visitor=visitor)
    return show_registered(done), 201 if done.is_new else 200


@page.route("/subscription/status", methods=["POST"])
@page.arguments(ProofBody, example={"subscription": EXAMPLE_SUBSCRIPTION})
@page.response(200, MembershipAnswer)
@page.fails(*PROOF, "subscription_not_found")
def get_status(body: dict[str, Any]) -> dict[str, Any]:
    """Say how the server knows a subscription."""
    return _change(body, lambda _session, _row: None)


@page.route("/subscription/notifications", methods=["POST"])
@page.arguments(ProofBody, example={"subscription": EXAMPLE_SUBSCRIPTION})
@page.response(200, ReceivedListAnswer)
@page.fails(*PROOF, "subscription_not_found")
def list_notifications(body: dict[str, Any]) -> dict[str, Any]:
    """List the last 50 notifications that went to who is at this browser now."""
    address = _address(body["subscription"])
    spend(_site())
    with store().reading() as session:
        received = list_received(session, prove_subscription(session, _site(), address, lock=False))
    return {"notifications": [{**one.notification, "message": one.message, "sent_at": one.sent_at} for one in received]}


@page.route("/subscription/unsubscribe", methods=["POST"])
@page.arguments(ProofBody, example={"subscription": EXAMPLE_SUBSCRIPTION})
@page.response(200, UnsubscribedAnswer)
@page.fails(*PROOF, "subscription_not_found")
def end_subscription(body: dict[str, Any]) -> dict[str, Any]:
    """End a subscription; doing it again changes nothing."""
    address = _address(body["subscription"])
    spend(_site(), limits.FAREWELLS)
    with store().writing() as session:
        unsubscribe(session, prove_subscription(session, _site(), address), now())
    return {"status": "unsubscribed"}


@page.route("/subscription/logout", methods=["POST"])
@page.arguments(ProofBody, example={"subscription": EXAMPLE_SUBSCRIPTION})
@page.response(200, MembershipAnswer)
@page.fails(*PROOF, "subscription_not_found")
def leave_profiles(body: dict[str, Any]) -> dict[str, Any]:
    """Detach a subscription from whoever it belonged to; from this answer on nothing meant for them arrives."""
    return _change(body, lambda session, row: detach(session, _site(), row, now()))


@page.route("/subscription/pause", methods=["POST"])
@page.arguments(PauseBody, example={"subscription": EXAMPLE_SUBSCRIPTION, "until": "2026-12-24T18:00:00Z"})
@page.response(200, MembershipAnswer)
@page.fails(*PROOF, "subscription_not_found")
def pause_subscription(body: dict[str, Any]) -> dict[str, Any]:
    """Stop messages for a while, by the visitor's wish."""
    return _change(body, lambda session, row: pause(session, row, body["until"], now()))


@page.route("/subscription/resume", methods=["POST"])
@page.arguments(ProofBody, example={"subscription": EXAMPLE_SUBSCRIPTION})
@page.response(200, MembershipAnswer)
@page.fails(*PROOF, "subscription_not_found")
def resume_subscription(body: dict[str, Any]) -> dict[str, Any]:
    """End the visitor's own pause, and no other."""
    return _change(body, lambda session, row: resume(session, row, now()))


@page.route("/events", methods=["POST"])
@page.arguments(EventsBody, example={"events": [{"type": "shown", "receipt": "Q2x…", "at": 1_793_000_000_000}]})
@page.response(200, EventsAnswer)
@page.fails(*PROOF)
def post_events(body: dict[str, Any]) -> dict[str, int]:
    """Report what happened to notifications.

    Repetitions change nothing. An event whose credential fails is ignored and does not cost the others.
    """
    reports = [_report(event) for event in body["events"]]
    spend(_site(), limits.EVENTS)
    is_clicked = any(report.type == EventType.CLICKED for report in reports)
    told = {"locale": body["locale"], "time_zone": body["time_zone"]}
    visitor = replace(read_visitor(), **told) if is_clicked else NOBODY
    with store().writing() as session:
        accepted, ignored = record_events(session, vault(), _site(), reports, now(), visitor)
    return {"accepted": accepted, "ignored": ignored}


def _change(body: dict[str, Any], change: Callable[[Session, Subscription], object]) -> dict[str, Any]:
    """Change a proven subscription's enrollments and show where it stands then."""
    address = _address(body["subscription"])
    spend(_site())
    with store().writing() as session:
        row = prove_subscription(session, _site(), address)
        resume_due(session, now(), row)
        change(session, row)
        return show_membership(row, list_enrollments(session, _site(), row), chosen_topics(session, row))


def _site() -> Site:
    site: Site = g.site
    return site


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
