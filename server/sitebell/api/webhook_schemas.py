"""The bodies and answers of the routes of webhooks."""

from typing import Any

from marshmallow import fields
from marshmallow.validate import Length

from sitebell.models import Webhook
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import Flag, Moment, text

EXAMPLE_WEBHOOK = {"url": "https://shop.example.com/hooks/sitebell", "events": ["subscribe", "unsubscribe", "click"]}
LONGEST_URL = 2048
EVENT_NAMES = {"description": "subscribe, update_subscription, unsubscribe, show, click, close, confirm_email."}


class NewWebhookBody(Strict):
    """A webhook to make."""

    url = text(LONGEST_URL, required=True, metadata={"description": "https, port 443, a host name, a path."})
    events = fields.List(
        text(40), load_default=(), validate=Length(1, 20), metadata={**EVENT_NAMES, "default": "all but the last"}
    )


class WebhookChangesBody(Strict):
    """What to change of a webhook; what is not named stays."""

    url = text(LONGEST_URL, load_default=None)
    events = fields.List(text(40), load_default=None, validate=Length(1, 20), metadata=EVENT_NAMES)
    is_enabled = Flag(load_default=None)


class WebhookAnswer(Answer):
    """A webhook as it stands."""

    id = fields.Integer(required=True)
    url = fields.String(required=True)
    events = fields.List(fields.String(), required=True)
    is_enabled = fields.Boolean(required=True)
    disabled_reason = fields.String(required=True, metadata={"description": "Empty while it is on."})
    failing_since = Moment(
        required=True, allow_none=True, metadata={"description": "First failure since the last success, or null."}
    )
    previous_secret_until = Moment(
        required=True, allow_none=True, metadata={"description": "How long the old secret signs, or null."}
    )
    created_at = Moment(required=True)


class NewWebhookAnswer(WebhookAnswer):
    """A webhook with its secret."""

    secret = fields.String(required=True, metadata={"description": "whsec_…, shown only now."})


class WebhooksAnswer(Answer):
    """The webhooks of a site."""

    webhooks = fields.List(fields.Nested(WebhookAnswer), required=True)


class WebhookCallAnswer(Answer):
    """A call as the delivery log has it."""

    id = fields.String(required=True, metadata={"description": "The header webhook-id; every attempt has the same."})
    state = fields.String(
        required=True,
        metadata={"description": "pending, retrying, delivered, failed, or erased: nothing is left."},
    )
    events = fields.Integer(required=True, metadata={"description": "How many it tells of."})
    attempts = fields.Integer(required=True)
    http_status = fields.Integer(required=True, allow_none=True, metadata={"description": "Of the last attempt."})
    reason = fields.String(required=True, metadata={"description": "Why it is not delivered."})
    created_at = Moment(required=True)
    due_at = Moment(required=True, allow_none=True, metadata={"description": "When it is tried next, or null."})
    finished_at = Moment(required=True, allow_none=True)


class WebhookCallsAnswer(Answer):
    """A page of the delivery log, the newest call first."""

    calls = fields.List(fields.Nested(WebhookCallAnswer), required=True)
    next_cursor = fields.String(required=True, allow_none=True, metadata={"description": "Null on the last page."})


def show_webhook(webhook: Webhook) -> dict[str, Any]:
    """Return what may be seen of a webhook, which its secret is not."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": webhook.events,
        "is_enabled": webhook.is_enabled,
        "disabled_reason": webhook.disabled_reason,
        "failing_since": webhook.failing_since,
        "previous_secret_until": webhook.previous_until,
        "created_at": webhook.created_at,
    }
