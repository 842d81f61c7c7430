"""The shape of what pages and workers send, and of what they are answered."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf

from sitebell.api.membership import IntroductionBody
from sitebell.models import EventType
from sitebell.push.endpoint import MAX_URL_LENGTH
from sitebell.services.topics import LONGEST_NAME, MAX_TOPICS
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import LAST_MILLISECOND, LOCALE, TIME_ZONE, Moment, Whole, text

REPORTED = (EventType.SHOWN, EventType.CLICKED, EventType.CLOSED)
MAX_EVENTS = 100

EXAMPLE_SUBSCRIPTION = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/dH3x:APA91b",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}


class SubscriptionKeysBody(Strict):
    """The keys of a push subscription, base64url (RFC 8291)."""

    p256dh = text(100, required=True, metadata={"description": "P-256 point, 65 bytes."})
    auth = text(30, required=True, metadata={"description": "16 bytes."})


class SubscriptionBody(Strict):
    """A browser's `PushSubscription` as its `toJSON()` writes it (Push API)."""

    endpoint = text(MAX_URL_LENGTH, required=True)
    keys = fields.Nested(SubscriptionKeysBody, required=True)
    expirationTime = fields.Raw(  # noqa: N815
        allow_none=True, load_only=True, metadata={"description": "Part of toJSON(); taken and not used."}
    )


class RegistrationBody(IntroductionBody):
    """What a browser says when it subscribes or visits again."""

    subscription = fields.Nested(SubscriptionBody, required=True)
    intent = fields.String(validate=OneOf(["subscribe", "refresh"]), load_default="subscribe")
    previous = fields.Nested(SubscriptionBody, load_default=None, allow_none=True)
    topics = fields.List(
        text(LONGEST_NAME),
        load_default=None,
        allow_none=True,
        validate=Length(max=MAX_TOPICS),
        metadata={"description": "Names of all topics that the visitor chose; without it the choice stays."},
    )
    vapid_public_key = text(100, load_default=None, allow_none=True)
    locale = text(40, minimum=2, validate=[LOCALE], load_default=None, allow_none=True)
    time_zone = text(60, validate=[TIME_ZONE], load_default=None, allow_none=True)


class ProofBody(Strict):
    """The subscription itself, which is the credential of a browser."""

    subscription = fields.Nested(SubscriptionBody, required=True)


class PauseBody(ProofBody):
    """The subscription, and until when nothing is to come; without it until it is resumed."""

    until = Moment(load_default=None, allow_none=True)


class EventBody(Strict):
    """One thing that happened: shown, clicked or closed with the receipt of the push, custom with the subscription."""

    type = fields.String(required=True, validate=OneOf([*REPORTED, EventType.CUSTOM]))
    receipt = text(200, load_default=None)
    subscription = fields.Nested(SubscriptionBody, load_default=None)
    at = Whole(0, LAST_MILLISECOND, required=True, metadata={"description": "Milliseconds since 1970, by the browser."})
    action = text(
        100,
        minimum=0,
        load_default=None,
        metadata={"description": "The pressed button, empty for none; of `custom` its name."},
    )
    data = fields.Dict(keys=text(100), values=fields.Raw(allow_none=True), load_default=None)

    @validates_schema
    def _check_credential(self, data: dict[str, Any], **_options: Any) -> None:
        wanted, other = ("receipt", "subscription") if data["type"] in REPORTED else ("subscription", "receipt")
        if data[wanted] is None or data[other] is not None:
            raise ValidationError(f"An event of type {data['type']} carries {wanted} and no {other}.")


class Hint(fields.String):
    """A text that is only of help: where it does not fit it is passed over, and costs nothing else of its body."""

    def deserialize(  # type: ignore[override]  # (of a text it says that there always is one)
        self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any
    ) -> str | None:
        """Return the text, or None."""
        try:
            hint: str | None = super().deserialize(value, attr, data, **kwargs)
        except ValidationError:
            return None
        return hint


class EventsBody(Strict):
    """Events in any order; repetitions do no harm."""

    events = fields.List(fields.Nested(EventBody), required=True, validate=Length(1, MAX_EVENTS))
    locale = Hint(validate=[Length(2, 40), LOCALE], load_default=None, allow_none=True)
    time_zone = Hint(validate=[Length(1, 60), TIME_ZONE], load_default=None, allow_none=True)


class TopicAnswer(Answer):
    """An interest that the site offers its visitors."""

    name = fields.String(required=True)
    title = fields.String(required=True)


class SiteAnswer(Answer):
    """What a page needs to know of its site."""

    site = fields.String(required=True, metadata={"description": "The public token."})
    name = fields.String(required=True)
    vapid_public_key = fields.String(required=True, metadata={"description": "applicationServerKey, base64url."})
    vapid_public_keys = fields.List(
        fields.String(), required=True, metadata={"description": "All of the site's, also those of imported browsers."}
    )
    worker = fields.String(required=True, metadata={"description": "Path of the worker file on the site's origin."})
    scope = fields.String(required=True, metadata={"description": "Scope to register the worker with."})
    topics = fields.List(fields.Nested(TopicAnswer), required=True)
    prompt = fields.Dict(required=True, metadata={"description": "Settings of the prompt; none in this version."})


class ReceivedAnswer(Answer):
    """A notification that this browser received."""

    message = fields.String(required=True, metadata={"description": "The message's id."})
    sent_at = Moment(required=True, metadata={"format": "date-time"})
    title = fields.String(required=True)
    body = fields.String()
    url = fields.String()
    icon = fields.String()
    image = fields.String()


class ReceivedListAnswer(Answer):
    """The newest notifications that went to who is at the browser now, the newest first."""

    notifications = fields.List(fields.Nested(ReceivedAnswer), required=True)


class UnsubscribedAnswer(Answer):
    """The end of a subscription."""

    status = fields.String(required=True, validate=OneOf(["unsubscribed"]))


class EventsAnswer(Answer):
    """What became of the reports."""

    accepted = fields.Integer(required=True)
    ignored = fields.Integer(required=True, metadata={"description": "Repeated, or with a credential that fails."})
