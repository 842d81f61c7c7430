"""The webhooks of a site, over HTTP: what its back end is told of, where, and how that went."""

import re
from typing import Any

from sqlalchemy.orm import Session

from sitebell.api.webhook_schemas import (
    EXAMPLE_WEBHOOK,
    NewWebhookAnswer,
    NewWebhookBody,
    WebhookAnswer,
    WebhookCallAnswer,
    WebhookCallsAnswer,
    WebhookChangesBody,
    WebhooksAnswer,
    show_webhook,
)
from sitebell.errors import NotFound
from sitebell.models import Webhook
from sitebell.services.audit import Action
from sitebell.services.webhooks.log import list_calls, retry_call, send_test, show_call
from sitebell.services.webhooks.registry import (
    change_webhook,
    create_webhook,
    get_webhook,
    list_webhooks,
    remove_webhook,
    rotate_secret,
)
from sitebell.web.api_keys import SECURITY, needs, sender_site
from sitebell.web.auditing import audit
from sitebell.web.context import now, store, vault
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.query import CURSOR, LIMIT, paging, read_cursor, read_limit, read_query
from sitebell.web.routes import Routes

LARGEST_PAGE = 200
WRITING = ("invalid_webhook_url", "invalid_webhook_event")
FOUND = (*API_KEY, "webhook_not_found")

webhooks = Routes(
    "webhooks",
    __name__,
    url_prefix="/v1/webhooks",
    description="URLs of a site's back end that are told what happens at its browsers (Standard Webhooks).",
)


@webhooks.route("", methods=["GET"])
@webhooks.doc(security=SECURITY)
@needs("read")
@webhooks.response(200, WebhooksAnswer)
@webhooks.fails(*API_KEY)
def get_webhooks() -> dict[str, Any]:
    """List the webhooks of the API key's site."""
    with store().reading() as session:
        return {"webhooks": [show_webhook(webhook) for webhook in list_webhooks(session, sender_site())]}


@webhooks.route("", methods=["POST"])
@webhooks.doc(security=SECURITY)
@needs("manage")
@webhooks.arguments(NewWebhookBody, example=EXAMPLE_WEBHOOK)
@webhooks.response(201, NewWebhookAnswer)
@webhooks.fails(*API_KEY, *BODY, *WRITING, "too_many_webhooks")
def post_webhook(body: dict[str, Any]) -> dict[str, Any]:
    """Make a webhook. Its secret, which signs every call, is shown only now."""
    with store().writing() as session:
        webhook, secret = create_webhook(session, vault(), sender_site(), **body, now=now())
        audit(session, Action.WEBHOOK_CREATED, f"webhook {webhook.id}")
    return show_webhook(webhook) | {"secret": secret}


@webhooks.route("/<webhook_id>", methods=["GET"])
@webhooks.doc(security=SECURITY)
@needs("read")
@webhooks.response(200, WebhookAnswer)
@webhooks.fails(*FOUND)
def show_one(webhook_id: str) -> dict[str, Any]:
    """Look at a webhook."""
    with store().reading() as session:
        return show_webhook(_webhook(session, webhook_id))


@webhooks.route("/<webhook_id>", methods=["PATCH"])
@webhooks.doc(security=SECURITY)
@needs("manage")
@webhooks.arguments(WebhookChangesBody, example={"is_enabled": True})
@webhooks.response(200, WebhookAnswer)
@webhooks.fails(*FOUND, *BODY, *WRITING)
def patch_webhook(body: dict[str, Any], webhook_id: str) -> dict[str, Any]:
    """Change a webhook, or switch it on or off; while it is off, events are not kept for it."""
    with store().writing() as session:
        webhook = _webhook(session, webhook_id, for_update=True)
        change_webhook(session, webhook, **body)
        audit(session, Action.WEBHOOK_CHANGED, f"webhook {webhook.id}")
        return show_webhook(webhook)


@webhooks.route("/<webhook_id>", methods=["DELETE"])
@webhooks.doc(security=SECURITY)
@needs("manage")
@webhooks.response(200, WebhookAnswer)
@webhooks.fails(*FOUND)
def delete_webhook(webhook_id: str) -> dict[str, Any]:
    """Remove a webhook with its log; what waits for it is not told any more."""
    with store().writing() as session:
        webhook = _webhook(session, webhook_id, for_update=True)
        shown = show_webhook(webhook)
        remove_webhook(session, webhook)
        audit(session, Action.WEBHOOK_REMOVED, f"webhook {shown['id']}")
    return shown


@webhooks.route("/<webhook_id>/rotate", methods=["POST"])
@webhooks.doc(security=SECURITY)
@needs("manage")
@webhooks.response(200, NewWebhookAnswer)
@webhooks.fails(*FOUND)
def rotate(webhook_id: str) -> dict[str, Any]:
    """Give a webhook a new secret; the old one signs along for 24 hours."""
    with store().writing() as session:
        webhook = _webhook(session, webhook_id, for_update=True)
        secret = rotate_secret(session, vault(), webhook, now())
        audit(session, Action.WEBHOOK_ROTATED, f"webhook {webhook.id}")
        return show_webhook(webhook) | {"secret": secret}


@webhooks.route("/<webhook_id>/test", methods=["POST"])
@webhooks.doc(security=SECURITY)
@needs("manage")
@webhooks.response(202, WebhookCallAnswer)
@webhooks.fails(*FOUND, "webhook_disabled")
def try_out(webhook_id: str) -> dict[str, Any]:
    """Send a call with a single event of the type `test`."""
    with store().writing() as session:
        return show_call(send_test(session, sender_site(), _webhook(session, webhook_id, for_update=True), now()))


@webhooks.route("/<webhook_id>/calls", methods=["GET"])
@webhooks.doc(security=SECURITY, parameters=paging(LARGEST_PAGE))
@needs("read")
@webhooks.response(200, WebhookCallsAnswer)
@webhooks.fails(*FOUND, "invalid", "invalid_cursor")
def get_calls(webhook_id: str) -> dict[str, Any]:
    """Read the delivery log, the newest call first; it goes back 30 days."""
    query = read_query(LIMIT, CURSOR)
    limit, before = read_limit(query, LARGEST_PAGE), read_cursor(query)
    with store().reading() as session:
        found = list_calls(session, _webhook(session, webhook_id), limit=limit + 1, before=before)
    cursor = str(found[limit - 1].id) if len(found) > limit else None
    return {"calls": [show_call(call) for call in found[:limit]], "next_cursor": cursor}


@webhooks.route("/<webhook_id>/calls/<call_id>/retry", methods=["POST"])
@webhooks.doc(security=SECURITY)
@needs("manage")
@webhooks.response(202, WebhookCallAnswer)
@webhooks.fails(*FOUND, "webhook_call_not_found", "webhook_disabled", "webhook_call_erased")
def retry(webhook_id: str, call_id: str) -> dict[str, Any]:
    """Make a call again, now, with the same id; one that was given up gets one more attempt."""
    with store().writing() as session:
        webhook = _webhook(session, webhook_id, for_update=True)
        return show_call(retry_call(session, webhook, call_id, now()))


def _webhook(session: Session, webhook_id: str, *, for_update: bool = False) -> Webhook:
    if not re.fullmatch(r"[1-9][0-9]{0,17}", webhook_id):
        raise NotFound("webhook_not_found", "A webhook's id is a whole number: GET /v1/webhooks lists them.")
    return get_webhook(session, sender_site(), int(webhook_id), for_update=for_update)
