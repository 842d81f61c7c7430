"""The routes by which an app changes a subscription that it knows the id of, and nothing else (CleverPush's SDKs).

Whoever learns an id could write here; so they answer 403 until the site asks for the quirk `cleverpush_id_writes`. On a
signed site nobody's identity, tags or closed fields are written without a token all the same (SEC-23).
"""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

from sitebell.compat.bodies import Body
from sitebell.compat.cleverpush.channel import CHANNEL, LONGEST_ID, cleverpush, find_channel, words_of
from sitebell.errors import Invalid, SitebellError
from sitebell.models import AliasKind, Quirk, Site, Subscription
from sitebell.services.binding.enrolling import Introduction, enroll_somewhere
from sitebell.services.dialects import Words, allows
from sitebell.services.dialects.attributes import means_the_person, read_attributes
from sitebell.services.events import record_custom
from sitebell.services.identity.admitting import admit
from sitebell.services.matching import NO_MATCH, Match
from sitebell.services.subscribers import get_subscriber
from sitebell.services.subscriptions.lifecycle import unsubscribe
from sitebell.services.tags import TagChange
from sitebell.services.topics import choose_topics, chosen_topics
from sitebell.web.context import now, store, vault
from sitebell.web.failures import BODY
from sitebell.web.quotas import spend
from sitebell.web.schemas import Answer
from sitebell.web.strict_fields import text

EXAMPLE = {"channelId": "CHANNEL_ID", "subscriptionId": "0123456789abcdef0123456789abcdef", "tagId": "TAG_ID"}
TEST_TAG = "test"
LONGEST_ACTION = 100
FAILURES = (
    *BODY,
    *CHANNEL,
    "id_writes_off",
    "subscriber_not_found",
    "no_database",
    "unknown_topic",
    "unknown_field",
    "invalid_value",
    "invalid_operation",
    "invalid_email",
    "invalid_phone",
    "invalid_tag",
    "too_many_tags",
    "no_profile",
    "identity_required",
    "rate_limited",
)


class WriteBody(Body):
    """A subscription by its id, and what is to change; which of the others is read depends on the route."""

    channel_id = text(LONGEST_ID, data_key="channelId", required=True)
    subscription_id = text(LONGEST_ID, data_key="subscriptionId", required=True)
    tag_id = text(LONGEST_ID, data_key="tagId", load_default=None)
    topic_id = text(LONGEST_ID, data_key="topicId", load_default=None)
    attribute_id = text(LONGEST_ID, data_key="attributeId", load_default=None)
    value = fields.Raw(load_default=None, allow_none=True)
    event_id = text(LONGEST_ACTION, data_key="eventId", load_default=None)
    name = text(LONGEST_ACTION, load_default=None)
    data = fields.Dict(keys=text(100), data_key="properties", load_default=None, allow_none=True)
    parameters = fields.Dict(keys=text(100), load_default=None, allow_none=True)


class WrittenAnswer(Answer):
    """It is done."""

    success = fields.Boolean(required=True)
    id = fields.String(required=True)


Change = Callable[[Session, Site, Words, Subscription, Mapping[str, Any]], None]


def open_channel(channel_id: str) -> Site:
    """Return the site of a channel where an id alone may write; the call is counted.

    Raises:
        NotFound: `site_not_found`.
        SitebellError: `id_writes_off` (403), the site did not ask for that.
        RateLimited: `rate_limited`.
    """
    site = find_channel(channel_id)
    if not allows(site, Quirk.CLEVERPUSH_ID_WRITES):
        sentence = "An id alone changes nothing here: sitebell sites set TOKEN --quirk cleverpush_id_writes allows it."
        raise SitebellError("id_writes_off", sentence, 403)
    spend(site)
    return site


def _write(body: Mapping[str, Any], change: Change) -> dict[str, Any]:
    site = open_channel(body["channel_id"])
    with store().writing() as session:
        row = get_subscriber(session, site, body["subscription_id"], lock=True)
        change(session, site, words_of(session, site), row, body)
        return {"success": True, "id": row.subscriber_hash}


def tell(session: Session, site: Site, row: Subscription, said: Introduction) -> None:
    """Write what a stranger says as the native page routes would take it: without a token, on a signed site, little."""
    admission = admit(session, vault(), site, said, None, now())
    if admission.refusal is not None:
        raise admission.refusal
    enroll_somewhere(session, site, row, admission.introduction, now())


def _need(body: Mapping[str, Any], name: str, written: str) -> str:
    value = body[name]
    if value is None:
        raise Invalid("invalid", f"{written}: Missing.", {written: "Missing."})
    return str(value)


def _tag(session: Session, site: Site, words: Words, row: Subscription, body: Mapping[str, Any]) -> None:
    tag = words.ours(AliasKind.TAG, _need(body, "tag_id", "tagId"))
    tell(session, site, row, Introduction(tags=TagChange(add=[tag])))


def _untag(session: Session, site: Site, words: Words, row: Subscription, body: Mapping[str, Any]) -> None:
    tag = words.ours(AliasKind.TAG, _need(body, "tag_id", "tagId"))
    tell(session, site, row, Introduction(tags=TagChange(remove=[tag])))


def _set(session: Session, site: Site, words: Words, row: Subscription, body: Mapping[str, Any]) -> None:
    given = {_need(body, "attribute_id", "attributeId"): body["value"]}
    attributes = read_attributes(session, site, words, given)
    match = NO_MATCH if attributes.user_id is None else Match(external_id=attributes.user_id)
    tell(session, site, row, Introduction(match=match, fields=attributes.as_changes()))


def _changing(operation: str) -> Change:
    def change(session: Session, site: Site, words: Words, row: Subscription, body: Mapping[str, Any]) -> None:
        attribute_id = _need(body, "attribute_id", "attributeId")
        if means_the_person(words, attribute_id):
            raise Invalid("invalid_operation", f"{attribute_id} says whose the subscription is: it is set, no more.")
        name = words.ours(AliasKind.ATTRIBUTE, attribute_id)
        operand = True if operation == "unset" else [body["value"]]
        tell(session, site, row, Introduction(fields={name: {operation: operand}}))

    return change


def _choose(session: Session, site: Site, words: Words, row: Subscription, body: Mapping[str, Any]) -> None:
    topic = words.ours(AliasKind.TOPIC, _need(body, "topic_id", "topicId"))
    choose_topics(session, site, row, [*chosen_topics(session, row), topic], now())


def _drop(session: Session, site: Site, words: Words, row: Subscription, body: Mapping[str, Any]) -> None:
    topic = words.ours(AliasKind.TOPIC, _need(body, "topic_id", "topicId"))
    choose_topics(session, site, row, [one for one in chosen_topics(session, row) if one != topic], now())


def _track(session: Session, _site: Site, _words: Words, row: Subscription, body: Mapping[str, Any]) -> None:
    record_custom(session, row, _need(body, "name", "name"), body["parameters"], now(), at=now())


def _convert(session: Session, _site: Site, _words: Words, row: Subscription, body: Mapping[str, Any]) -> None:
    record_custom(session, row, _need(body, "event_id", "eventId"), body["data"], now(), at=now())


def _visit(_session: Session, _site: Site, _words: Words, row: Subscription, _body: Mapping[str, Any]) -> None:
    row.seen_at = now()


def _mark(session: Session, site: Site, _words: Words, row: Subscription, _body: Mapping[str, Any]) -> None:
    tell(session, site, row, Introduction(tags=TagChange(add=[TEST_TAG])))


def _leave_as_it_is(*_all: Any) -> None:
    """A session's end is kept nowhere, and nothing follows up here that could be stopped."""


def _end(session: Session, _site: Site, _words: Words, row: Subscription, _body: Mapping[str, Any]) -> None:
    unsubscribe(session, row, now())


WRITES: dict[str, tuple[str, Change]] = {
    "tag": ("Put a tag on the profile of a subscription, by its id alone.", _tag),
    "untag": ("Take a tag away, by the id of a subscription alone.", _untag),
    "attribute": ("Write an attribute, by the id of a subscription alone.", _set),
    "unsubscribe": ("End a subscription, by its id alone.", _end),
    "topic/add": ("Choose a topic, by the id of a subscription alone.", _choose),
    "topic/remove": ("Choose a topic no more, by the id of a subscription alone.", _drop),
    "attribute/push-value": ("Add a value to a list, by the id of a subscription alone.", _changing("upsert")),
    "attribute/pull-value": ("Take a value out of a list, by the id of a subscription alone.", _changing("delete")),
    "attribute/clear": ("Clear an attribute, by the id of a subscription alone.", _changing("unset")),
    "event": ("Record an event of the site's own, by the id of a subscription alone.", _track),
    "conversion": ("Record a conversion as an event of the site's own, whose name is its id.", _convert),
    "session/start": ("Note that somebody is there.", _visit),
    "session/end": ("Take note of nothing: how long a visit was is not kept.", _leave_as_it_is),
    "mark-as-test": ("Put the tag `test` on the profile of a subscription, by its id alone.", _mark),
    "stop-campaigns": ("Do nothing: there are no campaigns that follow up.", _leave_as_it_is),
}


def _add_route(path: str, description: str, change: Change) -> None:
    def view(body: dict[str, Any]) -> dict[str, Any]:
        return _write(body, change)

    view.__doc__ = description
    view.__name__ = "post_" + path.replace("/", "_").replace("-", "_")
    documented = cleverpush.response(200, WrittenAnswer)(cleverpush.fails(*FAILURES)(view))
    taking = cleverpush.arguments(WriteBody, example=EXAMPLE)(documented)
    cleverpush.route(f"/subscription/{path}", methods=["POST"])(taking)


for _path, (_description, _change) in WRITES.items():
    _add_route(_path, _description, _change)
