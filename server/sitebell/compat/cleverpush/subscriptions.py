"""`POST /subscription/sync/<channel>` and `GET /subscription`: by the back end's word, as the private key is."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Length
from sqlalchemy.orm import Session

from sitebell.compat.bodies import Body
from sitebell.compat.cleverpush.channel import (
    CHANNEL,
    LONGEST_ID,
    cleverpush,
    own_channel,
    private_key,
    words_of,
)
from sitebell.compat.cleverpush.showing import SubscriptionAnswer, show_subscription
from sitebell.errors import Invalid, NotFound
from sitebell.models import AliasKind, BoundBy, Dialect, Site, Subscription
from sitebell.services.binding.enrolling import Introduction, enroll_somewhere
from sitebell.services.binding.enrollments import is_unconfirmed
from sitebell.services.confirmations import EmailSignup, sign_up
from sitebell.services.databases import get_database
from sitebell.services.dialects import Words, find_alias
from sitebell.services.dialects.attributes import USER_ID, Attributes, means_the_person, read_attributes
from sitebell.services.fields.contact import LONGEST_EMAIL
from sitebell.services.inventory import describe_subscribers, find_newest_subscriber
from sitebell.services.matching import Match, lock_identities
from sitebell.services.profiles import ProfileChanges, Search, identities_of, search_profiles, upsert_profile
from sitebell.services.profiles.reading import read_profiles
from sitebell.services.sites import list_databases
from sitebell.services.subscribers import get_subscriber, read_subscriber
from sitebell.services.topics import choose_topics
from sitebell.web.api_keys import SECURITY, needs
from sitebell.web.context import config, now, store, vault
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.query import parameter, read_query
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
    """A subscription to make or change: an e-mail address, one that is known by its id, or a person."""

    email_address = text(2 * LONGEST_EMAIL, data_key="emailAddress", load_default=None)
    form_id = text(LONGEST_ID, data_key="emailOptInFormId", load_default=None)
    subscription_id = text(LONGEST_ID, data_key="subscriptionId", load_default=None)
    topics = fields.List(text(LONGEST_ID), load_default=None, validate=Length(max=MAX_TOPICS))
    attributes = fields.Dict(data_key="customAttributes", keys=text(LONGEST_ID), load_default=dict)

    @validates_schema
    def _check_subject(self, body: dict[str, Any], **_options: Any) -> None:
        if body.get("email_address") and body.get("subscription_id"):
            raise ValidationError("Name one of emailAddress and subscriptionId.")


class SyncAnswer(SubscriptionAnswer):
    """The subscription as it is now, and whether its owner has yet to confirm the address."""

    _id = fields.String(allow_none=True)
    id = fields.String(allow_none=True, metadata={"description": "null: the person is stored, and has no browser yet."})
    is_needed = fields.Boolean(data_key="emailConfirmationNeeded", required=True)


@cleverpush.route("/subscription/sync/<channel_id>", methods=["POST"])
@cleverpush.doc(security=SECURITY)
@needs("manage", credential=private_key)
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
    "invalid_email",
    "missing_subject",
)
def post_sync(body: dict[str, Any], channel_id: str) -> dict[str, Any]:
    """Create or update a subscription.

    An e-mail address whose form is a double opt-in is kept unconfirmed; the link goes to the webhook `confirm_email`.
    """
    site = own_channel(channel_id)
    with store().writing() as session:
        words = words_of(session, site)
        attributes = read_attributes(session, site, words, body["attributes"])
        topics = None if body["topics"] is None else [words.ours(AliasKind.TOPIC, one) for one in body["topics"]]
        row, is_needed = _sync(session, site, body, attributes, topics)
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
@needs("read", credential=private_key)
@cleverpush.response(200, SubscriptionAnswer)
@cleverpush.fails(*API_KEY, *CHANNEL, "invalid", "unknown_field", "invalid_value", "subscriber_not_found")
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
            raise NotFound("Nobody with this value has a subscription of this channel.", "subscriber_not_found")
        return _describe(session, words, site, row)


def _sync(
    session: Session, site: Site, body: Mapping[str, Any], attributes: Attributes, topics: Sequence[str] | None
) -> tuple[Subscription | None, bool]:
    """Return the subscription, None when only a person was named, and whether a confirmation is missing."""
    match = Match(external_id=attributes.user_id, email=body["email_address"])
    introduction = Introduction(match=match, fields=attributes.as_changes(), bound_by=BoundBy.BACKEND)
    if body["email_address"] is not None:
        confirms = _is_double(session, site, body["form_id"])
        signup = EmailSignup(address=body["email_address"], introduction=introduction, topics=topics, confirms=confirms)
        return sign_up(session, vault(), site, signup, config().base_url, now())
    if body["subscription_id"] is None:
        return _write_person(session, site, attributes), False
    row = get_subscriber(session, site, body["subscription_id"], lock=True)
    enroll_somewhere(session, site, row, introduction, now())
    if topics is not None:
        choose_topics(session, site, row, topics, now())
    return row, is_unconfirmed(session, row)


def _is_double(session: Session, site: Site, form_id: str | None) -> bool:
    """Say whether a form asks the owner of an address first; without a form nobody is asked."""
    if form_id is None:
        return False
    form = find_alias(session, site, Dialect.CLEVERPUSH, AliasKind.OPT_IN_FORM, form_id)
    if form is None:
        raise Invalid(
            "unknown_opt_in_form",
            "Whether this opt-in form asks twice is not known: sitebell sites alias … --opt-in-form ID=double.",
        )
    return form.target == "double"


def _write_person(session: Session, site: Site, attributes: Attributes) -> Subscription | None:
    """Store whom a back end names by the user id alone; return the newest subscription, if the person has any."""
    if attributes.user_id is None:
        raise Invalid("missing_subject", "Name emailAddress, subscriptionId or customAttributes.user_id.")
    match = Match(external_id=attributes.user_id)
    changes = ProfileChanges(fields=attributes.as_changes())
    found = []
    for database_id in list_databases(session, site):
        lock_identities(session, database_id, identities_of(match, changes))
        database = get_database(session, database_id)
        found.append(upsert_profile(session, database, match, changes, now())[0].id)
    return find_newest_subscriber(session, site, found)


def _find_profiles(session: Session, site: Site, words: Words, attribute_id: str, value: str) -> list[int]:
    """Return the profiles that have a value, from every database that has the field; raises when none has it."""
    name = words.ours(AliasKind.ATTRIBUTE, attribute_id)
    is_person = means_the_person(words, attribute_id)
    search = Search(external_id=value) if is_person else Search(field=(name, value))
    found: list[int] = []
    complaints: list[Invalid] = []
    databases = [get_database(session, database_id) for database_id in list_databases(session, site)]
    for database in databases:
        try:
            page = search_profiles(session, database, search, limit=MAX_FOUND, cursor=None)
            found += [profile.id for profile in page.profiles]
        except Invalid as complaint:
            complaints.append(complaint)
    if complaints and len(complaints) == len(databases):
        raise complaints[0]
    return found


def _describe(session: Session, words: Words, site: Site, row: Subscription) -> dict[str, Any]:
    """Return a subscription with the attributes of whoever it belongs to now, by the vendor's ids."""
    [listed] = describe_subscribers(session, [row], now())
    profiles = [profile for _, profile in read_subscriber(session, site, row).enrollments]
    attributes: dict[str, Any] = {}
    for known in read_profiles(session, profiles, now()):
        if known.profile.external_id is not None:
            attributes[USER_ID] = known.profile.external_id
        attributes |= {words.theirs(AliasKind.ATTRIBUTE, name): value for name, value in known.fields.items()}
    return show_subscription(words, site, listed) | {"custom_attributes": attributes}
