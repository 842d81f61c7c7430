"""A request for each route that the URL map has: its path filled in, and a body that it takes."""

import secrets
from typing import Any

from flask import Flask

from support.back_end import WEBHOOK, BackEnd
from support.pushengage_office import CONTENT as PUSHENGAGE
from support.web_application import Json, new_subscription

RECEIPTS = ("POST /notification/delivered", "POST /notification/clicked")
IN_BODY = "<credential>"
DRAFT = {"audience": {"everyone": True}, "notification": {"title": "Hello"}, "draft": True}


def routes_of(app: Flask) -> set[str]:
    """Return every route as `METHOD /path`."""
    rules = app.url_map.iter_rules()
    return {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def things_of(office: BackEnd, subscription: Json, message_id: str) -> dict[str, str]:
    """Return what stands for each name in a path: things of the site that exist, a message among them."""
    browser = office.subscribe(subscription, match={"external_id": "ann"})
    webhook = office.ask("POST", "/v1/webhooks", WEBHOOK)
    draft = office.ask("POST", "/v1/messages", DRAFT)
    return {
        "/v1/sites/<token>": f"/v1/sites/{office.site.site.token}",
        "<draft_id>": draft["id"],
        "<message_id>": message_id,
        "<channel_id>": office.site.site.token,
        "<database_id>": str(office.site.database_id),
        "<profile_id>": browser["enrollments"][0]["profile_id"],
        "<other_profile>": office.add_profile(),
        "<subscriber_hash>": browser["subscriber_hash"],
        "<webhook_id>": str(webhook["id"]),
        "<call_id>": office.ask("POST", f"/v1/webhooks/{webhook['id']}/test")["id"],
        "<kid>": office.ask("POST", "/v1/identity/keys", {"algorithm": "HS256", "kid": secrets.token_hex(8)})["kid"],
        "<name>": "page.js",
        "<trigger_id>": "12",
        "crypto_post_events": f"crypto_post_events?/{office.site.site.token}/Q2x/1",
        "/apiv1/analytics/summary": "/apiv1/analytics/summary?from=2026-01-01&to=2026-01-31&group_by=day",
    }


def fill(text: str, ids: dict[str, str]) -> str:
    """Put ids in the place of their names."""
    for name, value in ids.items():
        text = text.replace(name, value)
    return text


def carrying(headers: dict[str, str], body: Any) -> Any:
    """Put a caller's credential into a body that has a place for it."""
    if isinstance(body, dict) and body.get("token") == IN_BODY:
        return body | {"token": headers.get("Authorization", "").removeprefix("Bearer ")}
    return body


def body_for(route: str, ids: dict[str, str], subscribed: Json, message: Json) -> Any:
    """Return a body that the route takes."""
    if route.startswith(("PUT /v1/sites", "POST /v1/sites")) and "/subscription" in route:
        return {"subscription": new_subscription() if route.startswith("PUT") else subscribed}
    by_id = {"channelId": ids["<channel_id>"], "subscriptionId": ids["<subscriber_hash>"]}
    if route.startswith("POST /subscription/") and "sync" not in route:
        what = {"tagId": "gold", "topicId": "news", "value": "Ann"}
        what["attributeId"] = "likes" if route.endswith("-value") else "_fname"
        return by_id | what | {"name": "bought", "eventId": "bought"}
    bodies: dict[str, Any] = dict.fromkeys(("POST /channel/confirm-alert", *RECEIPTS), by_id) | {
        "POST /v1/sites/<token>/events": {"events": [{"type": "shown", "receipt": "x", "at": 0}]},
        "POST /v1/messages": message,
        "POST /subscription/sync/<channel_id>": {"subscriptionId": ids["<subscriber_hash>"]},
        "POST /notification/send": {"channel": ids["<channel_id>"], "title": "Hello", "tags": ["gold"]},
        "POST /v1/databases/<database_id>/fields": {"name": "plan", "type": "text"},
        "POST /v1/databases/<database_id>/profiles": {},
        "POST /v1/databases/<database_id>/profiles/bulk": [],
        "PATCH /v1/databases/<database_id>/profiles/<profile_id>": {},
        "POST /v1/databases/<database_id>/profiles/<profile_id>/merge": {"from": ids["<other_profile>"]},
        "PUT /v1/databases/<database_id>/profiles/<profile_id>/subscriptions/<subscriber_hash>": {},
        "PUT /v1/topics": {"topics": [{"name": "news", "title": "News"}]},
        "POST /v1/audiences/preview": {"audience": {"everyone": True}},
        "POST /v1/links": {"match": {"external_id": "ann"}},
        "POST /v1/identity/keys": {"algorithm": "HS256"},
        "POST /v1/webhooks": WEBHOOK,
        "PATCH /v1/webhooks/<webhook_id>": {"is_enabled": True},
        "POST /v1/subscribers/check": {"subscriber_hashes": ["x"]},
        "POST /v1/messages/<draft_id>/send": {},
    }
    return (bodies | bodies_of_dialects(ids)).get(route)


def bodies_of_dialects(ids: dict[str, str]) -> dict[str, Json]:
    """Return a body for each route of other vendors' dialects that takes one."""
    push = {"provider": "ios-apns", "subscription_id": "device-1"}
    database_id = ids["<database_id>"]
    caller = {"token": IN_BODY, "db_id": int(database_id) if database_id.isdigit() else database_id}
    whose = {"profile_id": ids["<profile_id>"], "resource_id": 0, "channel": "push"}
    return {
        "POST /push_subscribe": {"resource_token": ids["/v1/sites/<token>"].split("/")[-1], "subscriptions": [push]},
        "POST /api/v1.1/subscriptions/set": caller | whose | push,
        "POST /api/v1.1/profiles/import": caller | {"email": "ann@example.com"},
        "POST /apiv1/notifications": PUSHENGAGE | {"subscriber_hash": ids["<subscriber_hash>"]},
        "POST /apiv1/subscribers/check": {"subscriber_hash": ids["<subscriber_hash>"]},
        "POST /apiv1/segments/addSegmentWithHash": {"segment_id": "x", "subscriber_hash": ids["<subscriber_hash>"]},
        "POST /apiv1/profile": {"segment_name": "x", "profile_id": "ann", "operation": "add"},
        "POST /api/v1.1/pushes/post_events": {"token": IN_BODY, "events": 1, "uid": "Q2x"},
    }
