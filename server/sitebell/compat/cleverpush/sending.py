"""`POST /notification/send`: the vendor's content and targets, as a message and an audience of ours."""

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import RAISE, fields
from marshmallow.validate import Length
from sqlalchemy.orm import Session

from sitebell.compat.cleverpush.channel import CHANNEL, LONGEST_ID, PRIVATE_KEY, cleverpush, own_channel, words_of
from sitebell.errors import Invalid
from sitebell.models import AliasKind, FieldType, Quirk, Site
from sitebell.services.audit import Action
from sitebell.services.content import LONGEST_BODY, LONGEST_TITLE
from sitebell.services.dialects import Words, allows
from sitebell.services.dialects.attributes import Attributes, field_types, read_attributes, type_of
from sitebell.services.messages.lifecycle import NewMessage, check_send_at, create_message
from sitebell.services.personalisation.filling import write_out
from sitebell.services.public_ids import is_subscriber_hash
from sitebell.web.api_keys import SECURITY, needs
from sitebell.web.auditing import audit
from sitebell.web.context import now, store
from sitebell.web.failures import API_KEY, AUDIENCE, BODY
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import Moment, TemplateUrl, check_title, text

MOST_IDS = 50_000  # as many as the vendor takes in one call
MAX_NAMES = 100
EXAMPLE = {
    "channel": "CHANNEL_ID",
    "title": "The shop is open",
    "text": "Fresh bread from 7 to 12.",
    "url": "https://www.example.com/bread",
    "topics": ["TOPIC_ID_1"],
}


class SubscriptionIds(fields.Field[list[str]]):
    """One id, or a list of them."""

    def __init__(self, **options: Any) -> None:
        one = {"type": "string", "minLength": 1, "maxLength": LONGEST_ID}
        shape = {"anyOf": [one, {"type": "array", "items": one, "maxItems": MOST_IDS}]}
        super().__init__(metadata=shape, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        ids = [value] if isinstance(value, str) else value
        inner = fields.List(text(LONGEST_ID), validate=Length(max=MOST_IDS))
        found: list[str] = inner.deserialize(ids, attr, data, **kwargs)  # type: ignore[assignment]
        return found


class SendBody(Strict):
    """A message. A member that is not understood is refused: it might have kept the message from somebody."""

    class Meta:
        """Options of marshmallow."""

        unknown = RAISE

    channel = text(LONGEST_ID, required=True)
    title = text(LONGEST_TITLE, required=True, validate=[check_title])
    body = text(LONGEST_BODY, minimum=0, data_key="text")
    url = TemplateUrl()
    media_url = TemplateUrl(data_key="mediaUrl", metadata={"description": "The image."})
    scheduled_at = Moment(data_key="scheduledAt", load_default=None, metadata={"format": "date-time"})
    topics = fields.List(text(LONGEST_ID), validate=Length(max=MAX_NAMES))
    tags = fields.List(text(LONGEST_ID), validate=Length(max=MAX_NAMES))
    segments = fields.List(text(LONGEST_ID), validate=Length(max=MAX_NAMES))
    subscription_ids = SubscriptionIds(data_key="subscriptionId")
    attributes = fields.Dict(data_key="customAttributes", keys=text(LONGEST_ID))


class SentAnswer(Answer):
    """The message that was made."""

    _id = fields.String(required=True)
    id = fields.String(required=True)
    status = fields.String(required=True)


@cleverpush.route("/notification/send", methods=["POST"])
@cleverpush.doc(security=SECURITY)
@needs("send", credential=PRIVATE_KEY)
@cleverpush.arguments(SendBody, example=EXAMPLE)
@cleverpush.response(200, SentAnswer)
@cleverpush.fails(*API_KEY, *BODY, *CHANNEL, *AUDIENCE, "notification_too_large", "invalid_template", "invalid_send_at")
def post_notification(body: dict[str, Any]) -> dict[str, Any]:
    """Send a notification, now or at a time.

    Topics, tags, segments and attributes narrow each other; one of a list is enough. A call without any of them, which
    the vendor sends to everybody, is refused unless the site asked for it: `--quirk cleverpush_send_untargeted`.
    """
    site = own_channel(body["channel"])
    with store().writing() as session:
        new = NewMessage(
            audience=_audience(session, site, words_of(session, site), body),
            notification=_notification(body),
            send_at=check_send_at(body["scheduled_at"], now()),
            most_ids=MOST_IDS,
        )
        message, _ = create_message(session, site, new, now=now())
        audit(session, Action.MESSAGE_CREATED, f"message {message.public_id}")
    return {"_id": message.public_id, "id": message.public_id, "status": message.status}


def _notification(body: Mapping[str, Any]) -> dict[str, Any]:
    names = {"title": "title", "body": "body", "url": "url", "media_url": "image"}
    return write_out({ours: body[theirs] for theirs, ours in names.items() if theirs in body})


def _audience(session: Session, site: Site, words: Words, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return whom a call means.

    Raises:
        Invalid: `empty_audience`, nobody is named, nobody in a list, or no id that is ours; `invalid_audience`, ids
            stand beside other targets; what `read_attributes` raises.
    """
    targets = [name for name in ("topics", "tags", "segments", "attributes") if name in body]
    if "subscription_ids" in body:
        if targets:
            raise Invalid("invalid_audience", "subscriptionId says who is meant: name no other target beside it.")
        return {"subscriber_hashes": _ours(body["subscription_ids"])}
    if not targets and allows(site, Quirk.CLEVERPUSH_SEND_UNTARGETED):
        return {"everyone": True}
    if not targets or not all(body[name] for name in targets):
        raise Invalid(
            "empty_audience",
            "Name topics, tags, segments, customAttributes or subscriptionId, and something in each; a call without "
            "any means everybody only at sites with the quirk cleverpush_send_untargeted.",
        )
    attributes = read_attributes(session, site, words, body.get("attributes", {}))
    if targets == ["attributes"] and attributes.user_id is not None and not attributes.fields:
        return {"external_ids": [attributes.user_id]}  # found by an index, where conditions look at everybody
    return {"where": {"all": [*_of_names(words, body), *_of_attributes(session, site, attributes)]}}


def _ours(ids: Iterable[str]) -> list[str]:
    """Leave out ids that the vendor gave: a list that was kept from there still reaches those that are ours."""
    found = list(filter(is_subscriber_hash, ids))
    if not found:
        raise Invalid("empty_audience", "subscriptionId: none of these is an id of a subscription here.")
    return found


def _of_names(words: Words, body: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    kinds = (
        ("topics", AliasKind.TOPIC, "topics"),
        ("tags", AliasKind.TAG, "tags"),
        ("segments", AliasKind.SEGMENT, "tags"),
    )
    for name, kind, field in kinds:
        if name in body:
            names = [words.ours(kind, foreign_id) for foreign_id in body[name]]
            yield {"any": [{"field": field, "op": "contains", "value": one} for one in dict.fromkeys(names)]}


def _of_attributes(session: Session, site: Site, attributes: Attributes) -> Iterable[dict[str, Any]]:
    if attributes.user_id is not None:
        yield {"field": "external_id", "op": "eq", "value": attributes.user_id}
    types = field_types(session, site)
    for name, value in attributes.fields.items():
        if value in (None, []):
            raise Invalid("invalid_value", f"customAttributes: say which value of {name} is meant.", {"field": name})
        if type_of(types, name) == FieldType.LIST:
            yield from ({"field": name, "op": "contains", "value": one} for one in value)
        else:
            yield {"field": name, "op": "eq", "value": value}
