"""The calls of PushEngage's REST API that a site's back end makes: thin translators, the rules are in `services/`."""

from typing import Any

from sitebell.compat.pushengage.audiences import audience_of, tag_of_id, tag_of_name
from sitebell.compat.pushengage.envelopes import (
    SECURITY,
    PushEngageSuccessAnswer,
    VendorRoutes,
    back_end,
    register_failures,
)
from sitebell.compat.pushengage.notifications import new_message, show_notification
from sitebell.compat.pushengage.queries import LISTING, SUMMARY, read_listing, read_period
from sitebell.compat.pushengage.schemas import (
    EXAMPLE_NOTIFICATION,
    PushEngageCheckBody,
    PushEngageNotificationBody,
    PushEngageNotificationsAnswer,
    PushEngageProfileBody,
    PushEngageSegmentBody,
    PushEngageSentAnswer,
    PushEngageSummaryAnswer,
)
from sitebell.errors import NotFound
from sitebell.models import SubscriptionStatus
from sitebell.services.audit import Action
from sitebell.services.messages.lifecycle import create_message
from sitebell.services.messages.lists import list_messages
from sitebell.services.profiles.labelling import profiles_at, profiles_named, put_tag, take_tag
from sitebell.services.statistics import Row, summarise
from sitebell.services.subscribers import check_subscribers
from sitebell.web.api_keys import sender_site
from sitebell.web.auditing import audit
from sitebell.web.context import now, store
from sitebell.web.failures import API_KEY, AUDIENCE, BODY
from sitebell.web.schemas import EXAMPLE_HASH

DONE: dict[str, Any] = {"success": True}

pushengage = VendorRoutes(
    "pushengage",
    __name__,
    url_prefix="/apiv1",
    description="The REST API of PushEngage, for sites that speak this dialect: the key in the header `api_key`, "
    "bodies as forms (`profile_id[]=…`) or JSON. Failures are `{success: false, message, error_code}`. "
    "`docs/leaving-pushengage.md` says what differs.",
)
register_failures(pushengage)


@pushengage.route("/notifications", methods=["POST"])
@pushengage.doc(security=SECURITY)
@back_end("send")
@pushengage.arguments(PushEngageNotificationBody, example=EXAMPLE_NOTIFICATION)
@pushengage.response(200, PushEngageSentAnswer)
@pushengage.fails(
    *API_KEY, *BODY, *AUDIENCE, "unknown_segment", "notification_too_large", "invalid_template", "invalid_send_at"
)
def post_notification(body: dict[str, Any]) -> dict[str, Any]:
    """Send a notification now or later, or keep it as a draft."""
    site, moment = sender_site(), now()
    with store().writing() as session:
        new = new_message(site, body, audience_of(session, site, body), moment)
        message, _ = create_message(session, site, new, now=moment)
        audit(session, Action.MESSAGE_CREATED, f"message {message.public_id}")
        return DONE | {"notification_id": message.public_id}


@pushengage.route("/notifications", methods=["GET"])
@pushengage.doc(security=SECURITY, parameters=LISTING)
@back_end("read")
@pushengage.response(200, PushEngageNotificationsAnswer)
@pushengage.fails(*API_KEY, "invalid")
def get_notifications() -> dict[str, Any]:
    """List notifications, the newest first."""
    site = sender_site()
    wanted, limit, offset = read_listing(site)
    with store().reading() as session:
        count, found = list_messages(session, site, wanted, limit=limit, offset=offset)
        return DONE | {"count": count, "notifications": [show_notification(site, message) for message in found]}


@pushengage.route("/subscribers/check", methods=["POST"])
@pushengage.doc(security=SECURITY)
@back_end("read")
@pushengage.arguments(PushEngageCheckBody, example={"subscriber_hash": EXAMPLE_HASH})
@pushengage.response(200, PushEngageSuccessAnswer)
@pushengage.fails(*API_KEY, *BODY)
def check_subscriber(body: dict[str, Any]) -> dict[str, Any]:
    """Say whether a subscriber is active: `success` is the answer."""
    wanted = body["subscriber_hash"]
    with store().reading() as session:
        status = check_subscribers(session, sender_site(), [wanted]).get(wanted)
    if status == SubscriptionStatus.SUBSCRIBED:
        return DONE
    return {"success": False, "message": f"This subscriber is {status or 'unknown'}."}


@pushengage.route("/segments/addSegmentWithHash", methods=["POST"])
@pushengage.doc(security=SECURITY)
@back_end("manage")
@pushengage.arguments(PushEngageSegmentBody, example={"segment_id": "news", "subscriber_hash": [EXAMPLE_HASH]})
@pushengage.response(200, PushEngageSuccessAnswer)
@pushengage.fails(*API_KEY, *BODY, "unknown_segment", "invalid_tag", "too_many_tags", "subscriber_not_found")
def add_segment_with_hash(body: dict[str, Any]) -> dict[str, Any]:
    """Put subscribers into a segment: the tag goes to the profiles that they are at now."""
    site = sender_site()
    with store().writing() as session:
        tag = tag_of_id(session, site, *body["segment_id"])
        count = put_tag(session, tag, profiles_at(site, body["subscriber_hash"]), now())
    if not count:
        raise NotFound("subscriber_not_found", "This site has no subscriber with one of these hashes.")
    return DONE | {"message": f"{tag} is on {count} profiles."}


@pushengage.route("/profile", methods=["POST"])
@pushengage.doc(security=SECURITY)
@back_end("manage")
@pushengage.arguments(
    PushEngageProfileBody, example={"segment_name": "news", "profile_id": ["ann"], "operation": "add"}
)
@pushengage.response(200, PushEngageSuccessAnswer)
@pushengage.fails(*API_KEY, *BODY, "invalid_tag", "too_many_tags", "profile_not_found")
def post_profile(body: dict[str, Any]) -> dict[str, Any]:
    """Put all browsers of these people into a segment, or take them out."""
    site = sender_site()
    meant = profiles_named(site, body["profile_id"])
    with store().writing() as session:
        tag = tag_of_name(session, site, body["segment_name"])
        is_added = body["operation"] == "add"
        count = put_tag(session, tag, meant, now()) if is_added else take_tag(session, tag, meant, now())
    if not count:
        raise NotFound("profile_not_found", "This site knows nobody with one of these profile ids.")
    return DONE | {"message": f"{tag} is {'on' if is_added else 'off'} {count} profiles."}


@pushengage.route("/analytics/summary", methods=["GET"])
@pushengage.doc(security=SECURITY, parameters=SUMMARY)
@back_end("read")
@pushengage.response(200, PushEngageSummaryAnswer)
@pushengage.fails(*API_KEY, "invalid", "invalid_period")
def get_summary() -> dict[str, Any]:
    """Count subscribers, messages, views and clicks for each day, week or month."""
    first, last, by = read_period()
    with store().reading() as session:
        rows = summarise(session, sender_site(), first, last, by)
    return DONE | {"data": [_show(row) for row in rows]}


@pushengage.route("/triggers/<trigger_id>", methods=["GET"])
@pushengage.doc(security=SECURITY)
@back_end("read")
@pushengage.response(200, PushEngageSuccessAnswer)
@pushengage.fails(*API_KEY, "trigger_not_found")
def get_trigger(trigger_id: str) -> dict[str, Any]:  # noqa: ARG001
    """Look for a triggered campaign: there are none here, so this always says that it is unknown."""
    raise NotFound("trigger_not_found", "Sitebell has no triggered campaigns: see docs/leaving-pushengage.md.")


def _show(row: Row) -> dict[str, Any]:
    return {
        "date": row.first_day.isoformat(),
        "subscriber_count": row.subscribed.all,
        "desktop_subscriber_count": row.subscribed.desktop,
        "mobile_subscriber_count": row.subscribed.mobile,
        "unsubscribed_count": row.unsubscribed.all,
        "desktop_unsubscribed_count": row.unsubscribed.desktop,
        "mobile_unsubscribed_count": row.unsubscribed.mobile,
        "notification_sent": row.messages,
        "net_subscriber_sent": row.accepted,
        "view_count": row.shown,
        "click_count": row.clicked,
        "ctr": row.click_rate,
    }
