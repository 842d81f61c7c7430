"""`POST /subscription/sync/<channel>` and `GET /subscription`: by the back end's word, as the private key is."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from marshmallow import ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length
from sqlalchemy.orm import Session

from sitebell.compat.bodies import Body
from sitebell.compat.cleverpush.channel import (
    CHANNEL,
    LONGEST_ID,
    PRIVATE_KEY,
    cleverpush,
    own_channel,
    private_key,
    words_of,
)
from sitebell.compat.cleverpush.showing import SubscriptionAnswer, show_subscription
from sitebell.compat.cleverpush.sync_by_id import BY_ID, sync_by_id
from sitebell.compat.cleverpush.sync_rules import read_sync, sync
from sitebell.errors import Invalid, NotFound
from sitebell.models import AliasKind, Site, Subscription
from sitebell.services.databases import get_database, list_database_ids
from sitebell.services.dialects import Words
from sitebell.services.dialects.attributes import id_of_the_person, means_the_person
from sitebell.services.fields.contact import LONGEST_EMAIL
from sitebell.services.inventory import describe_subscribers, find_newest_subscriber
from sitebell.services.profiles import Search, search_profiles
from sitebell.services.profiles.reading import read_profiles
from sitebell.services.subscribers import read_subscriber
from sitebell.services.tags import MAX_TAGS
from sitebell.web.api_keys import SECURITY, needs
from sitebell.web.context import config, now, store, vault
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.query import parameter, read_query
from sitebell.web.routes import complain
from sitebell.web.strict_fields import text

MAX_TOPICS = 100
MAX_FOUND = 100  # profiles with one value of an attribute
EXAMPLE = {
    "emailAddress": "user@example.com",
    "emailOptInFormId": "OPT_IN_FORM_ID",
    "topics": ["TOPIC_ID_1"],
    "customAttributes": {"user_id": "123456789"},
}


class SyncBody(Body):
    """A subscription to make or change: an e-mail address, one that is known by its id, or a person.

    Of a member that is not understood a back end hears: it would believe that it was written. Apps say more of
    themselves than is public, and that is passed over.
    """

    email_address = text(2 * LONGEST_EMAIL, data_key="emailAddress", load_default=None)
    form_id = text(LONGEST_ID, data_key="emailOptInFormId", load_default=None)
    subscription_id = text(LONGEST_ID, data_key="subscriptionId", load_default=None)
    topics = fields.List(text(LONGEST_ID), load_default=None, validate=Length(max=MAX_TOPICS))
    tags = fields.List(text(LONGEST_ID), load_default=list, validate=Length(max=MAX_TAGS))
    attributes = fields.Dict(data_key="customAttributes", keys=text(LONGEST_ID), load_default=dict)

    @validates_schema
    def _check_subject(self, body: dict[str, Any], **_options: Any) -> None:
        if body.get("email_address") and body.get("subscription_id"):
            raise ValidationError("Name one of emailAddress and subscriptionId.")
        if body.get("form_id") and not body.get("email_address"):
            raise ValidationError("An opt-in form is about an emailAddress: name both.", "emailOptInFormId")

    @post_load(pass_original=True)
    def _note_strangers(self, body: dict[str, Any], original: dict[str, Any], **_options: Any) -> dict[str, Any]:
        known = {field.data_key or name for name, field in self.load_fields.items()}
        return body | {"strangers": sorted(set(original) - known)}


class SyncAnswer(SubscriptionAnswer):
    """The subscription as it is now, and whether its owner has yet to confirm the address."""

    _id = fields.String(allow_none=True)
    id = fields.String(allow_none=True, metadata={"description": "null: the person is stored, and has no browser yet."})
    is_needed = fields.Boolean(data_key="emailConfirmationNeeded", required=True)


View = TypeVar("View", bound=Callable[..., Any])


def needs_key_or_id(view: View) -> View:
    """Let a call without a key through, which the view then has to treat as anybody's; a key that is there must fit."""
    by_key = needs("manage", credential=PRIVATE_KEY)(view)

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs) if private_key() is None else by_key(*args, **kwargs)

    return cast("View", guarded)


@cleverpush.route("/subscription/sync/<channel_id>", methods=["POST"])
@cleverpush.doc(security=[*SECURITY, {}])
@needs_key_or_id
@cleverpush.arguments(SyncBody, example=EXAMPLE)
@cleverpush.response(200, SyncAnswer)
@cleverpush.fails(
    *API_KEY,
    *BODY,
    *CHANNEL,
    "subscriber_not_found",
    "profile_not_found",
    "no_database",
    "no_mailer",
    "unknown_opt_in_form",
    "unknown_topic",
    "unknown_field",
    "invalid_value",
    "invalid_operation",
    "invalid_tag",
    "too_many_tags",
    "invalid_email",
    "invalid_phone",
    "missing_subject",
    *BY_ID,
)
def post_sync(body: dict[str, Any], channel_id: str) -> dict[str, Any]:
    """Create or update a subscription.

    An e-mail address whose form is a double opt-in is kept unconfirmed; the link goes to the webhook `confirm_email`.

    Without a key, as apps call it, only a subscription that is known by its id is synced, and only where the site asked
    for the quirk `cleverpush_id_writes`; members that are not understood are passed over then.
    """
    if private_key() is None:
        return sync_by_id(channel_id, body)
    if body["strangers"]:
        raise complain({name: ["Unknown field."] for name in body["strangers"]})
    site = own_channel(channel_id)
    with store().writing() as session:
        words = words_of(session, site)
        given = read_sync(session, site, words, body)
        row, is_needed = sync(session, vault(), site, given, config().base_url, now())
        shown = {"_id": None, "id": None} if row is None else _describe(session, words, site, row)
    return shown | {"is_needed": is_needed}


@cleverpush.route("/subscription", methods=["GET"])
@cleverpush.doc(
    security=SECURITY,
    parameters=[
        parameter("channelId", "The channel."),
        parameter("attributeId", "An attribute, such as user_id."),
        parameter("attribute_value", "Its value. The vendor writes this one parameter so."),
    ],
)
@needs("read", credential=PRIVATE_KEY)
@cleverpush.response(200, SubscriptionAnswer)
@cleverpush.fails(
    *API_KEY,
    *CHANNEL,
    "invalid",
    "unknown_field",
    "invalid_value",
    "invalid_email",
    "invalid_phone",
    "subscriber_not_found",
)
def get_by_attribute() -> dict[str, Any]:
    """Find the newest subscription of whoever has a value in an attribute.

    The vendor's answer has one subscription, while several may have the value: browsers come before e-mail addresses,
    and then those that are subscribed.
    """
    query = read_query("channelId", "attributeId", "attribute_value")
    missing = {name for name in ("channelId", "attributeId", "attribute_value") if name not in query}
    if missing:
        raise Invalid("invalid", f"{min(missing)}: Missing.", dict.fromkeys(missing, "Missing."))
    site = own_channel(query["channelId"])
    with store().reading() as session:
        words = words_of(session, site)
        found = _find_profiles(session, site, words, query["attributeId"], query["attribute_value"])
        row = find_newest_subscriber(session, site, found)
        if row is None:
            raise NotFound("subscriber_not_found", "Nobody with this value has a subscription of this channel.")
        return _describe(session, words, site, row)


def _find_profiles(session: Session, site: Site, words: Words, attribute_id: str, value: str) -> list[int]:
    """Return the profiles that have a value, from every database that has the field; raises when none has it."""
    search = _read_search(words, attribute_id, value)
    found: list[int] = []
    complaints: list[Invalid] = []
    databases = [get_database(session, database_id) for database_id in list_database_ids(session, site)]
    for database in databases:
        try:
            page = search_profiles(session, database, search, limit=MAX_FOUND)
            found += [profile.id for profile in page.profiles]
        except Invalid as complaint:
            complaints.append(complaint)
    if complaints and len(complaints) == len(databases):
        raise complaints[0]
    return found


def _read_search(words: Words, attribute_id: str, value: str) -> Search:
    name = words.ours(AliasKind.ATTRIBUTE, attribute_id)
    if means_the_person(words, attribute_id):
        return Search(external_id=value)
    if name == "email":
        return Search(email=value)
    return Search(phone=value) if name == "phones" else Search(field=(name, value))


def _describe(session: Session, words: Words, site: Site, row: Subscription) -> dict[str, Any]:
    """Return a subscription with the attributes of whoever it belongs to now, by the vendor's ids."""
    [listed] = describe_subscribers(session, [row], now())
    profiles = [profile for _, profile in read_subscriber(session, site, row).enrollments]
    attributes: dict[str, Any] = {}
    for known in read_profiles(session, profiles, now()):
        if known.profile.external_id is not None:
            attributes[id_of_the_person(words)] = known.profile.external_id
        beside = {"email": known.profile.email, "phones": known.phones}
        values = known.fields | {name: value for name, value in beside.items() if value}
        attributes |= {words.theirs(AliasKind.ATTRIBUTE, name): value for name, value in values.items()}
    return show_subscription(words, site, listed) | {"custom_attributes": attributes}
