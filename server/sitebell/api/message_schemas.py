"""The shape of messages: what a site's back end sends, and what it is answered."""

from typing import Any

from marshmallow import ValidationError, fields, validates
from marshmallow.validate import Length, OneOf

from sitebell.api.audience_schemas import AudienceBody
from sitebell.models import MessageStatus
from sitebell.services.content import (
    DAY,
    LONGEST_BODY,
    LONGEST_REPLACE_KEY,
    LONGEST_TAG,
    LONGEST_TITLE,
    LONGEST_TTL,
    URGENCIES,
)
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import LOCALE, Flag, Moment, TemplateUrl, Whole, check_title, text

LAST_JAVASCRIPT_MOMENT = 8_640_000_000_000_000
MAX_ACTIONS = 4

EXAMPLE_MESSAGE = {
    "audience": {"everyone": True},
    "notification": {"title": "The shop is open", "body": "Fresh bread from 7 to 12.", "url": "/bread"},
    "ttl": 14_400,
    "urgency": "normal",
}


def _send_at() -> Moment:
    description = {"format": "date-time", "description": "Default: now."}
    return Moment(load_default=None, allow_none=True, metadata=description)


class ActionBody(Strict):
    """A button of a notification."""

    action = text(100, required=True, metadata={"description": "Its name, reported with the click."})
    title = text(100, required=True)
    url = TemplateUrl(metadata={"description": "What it opens; default: the notification's url."})
    icon = TemplateUrl()


class NotificationBody(Strict):
    """The Notifications API in snake case."""

    title = text(
        LONGEST_TITLE,
        required=True,
        validate=[check_title],
        metadata={"description": 'May hold values of the recipient: {{ profile._fname | default("there") }}.'},
    )
    body = text(LONGEST_BODY, minimum=0)
    url = TemplateUrl(metadata={"description": "What a click opens: http(s), or a path on the site."})
    icon = TemplateUrl()
    image = TemplateUrl()
    badge = TemplateUrl()
    actions = fields.List(fields.Nested(ActionBody), validate=Length(max=MAX_ACTIONS))
    tag = text(LONGEST_TAG)
    require_interaction = Flag()
    renotify = Flag()
    silent = Flag()
    lang = text(40, minimum=2, validate=[LOCALE])
    dir = fields.String(validate=OneOf(["auto", "ltr", "rtl"]))
    timestamp = Whole(0, LAST_JAVASCRIPT_MOMENT, metadata={"description": "Milliseconds since 1970."})
    data = fields.Raw(allow_none=True, metadata={"description": "Any JSON; the page gets it with the events."})

    @validates("actions")
    def _check_names(self, actions: list[dict[str, Any]], **_options: Any) -> None:
        names = [action.get("action") for action in actions]
        if len(set(names)) < len(names):
            raise ValidationError("Give each action a name of its own.")


class MessageBody(Strict):
    """A message to send."""

    site = text(32, metadata={"description": "The site's token; the API key's own site."})
    audience = fields.Nested(AudienceBody, required=True)
    notification = fields.Nested(NotificationBody, required=True)
    ttl = Whole(1, LONGEST_TTL, load_default=DAY, metadata={"description": "Seconds from send_at."})
    urgency = fields.String(validate=OneOf(URGENCIES), load_default="normal")
    replace_key = text(LONGEST_REPLACE_KEY, load_default=None, allow_none=True)
    verified = Flag(
        load_default=False, metadata={"description": "true: only to browsers whose profile was proved, not claimed."}
    )
    send_at = _send_at()
    is_draft = Flag(
        data_key="draft", load_default=False, metadata={"description": "true: keep it until it is sent by its route."}
    )


class SendDraftBody(Strict):
    """When a draft goes out."""

    send_at = _send_at()


class MessageStatusAnswer(Answer):
    """Where a message stands."""

    id = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(list(MessageStatus)))


class CountsAnswer(Answer):
    """How many deliveries stand where; recipients grows while the audience is being planned."""

    recipients = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    accepted = fields.Integer(required=True)
    retrying = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    gone = fields.Integer(required=True)
    expired = fields.Integer(required=True)
    skipped = fields.Integer(required=True)
    cancelled = fields.Integer(required=True)
    shown = fields.Integer(required=True)
    clicked = fields.Integer(required=True)
    closed = fields.Integer(required=True)


class MessageAnswer(MessageStatusAnswer):
    """A message with its content and counts."""

    status_reason = fields.String(required=True, metadata={"description": "Why it is paused, cancelled or failed."})
    site = fields.String(required=True)
    audience = fields.Dict(required=True)
    notification = fields.Dict(required=True)
    ttl = fields.Integer(required=True)
    urgency = fields.String(required=True)
    replace_key = fields.String(required=True, allow_none=True)
    verified = fields.Boolean(required=True)
    send_at = Moment(required=True, metadata={"format": "date-time"})
    created_at = Moment(required=True, metadata={"format": "date-time"})
    finished_at = Moment(required=True, allow_none=True, metadata={"format": "date-time"})
    counts = fields.Nested(CountsAnswer, required=True)
