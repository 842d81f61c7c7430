"""What a back end says of its people and their subscriptions. The API key travels in the body, as `token`."""

from collections.abc import Callable
from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf
from sqlalchemy.orm import Session

from sitebell.compat.altcraft.account import TOKEN_IN_BODY, reachable_database, resource_site
from sitebell.compat.altcraft.custom_match import custom_match
from sitebell.compat.altcraft.envelope import AltcraftAnswer, altcraft, done
from sitebell.compat.bodies import Body
from sitebell.errors import Invalid, NotFound
from sitebell.models import Database, EnrollmentStatus, Profile, Site, Subscription
from sitebell.push.endpoint import Endpoint
from sitebell.services.addresses import (
    LONGEST_ADDRESS,
    PROVIDERS,
    NativeAddress,
    find_address,
    find_endpoint,
    lock_addresses,
    parse_native_address,
    put_address,
)
from sitebell.services.binding.joining import place
from sitebell.services.databases import LARGEST_ID, get_linked_database
from sitebell.services.matching import Match
from sitebell.services.profiles import ProfileChanges, get_profile, lock_upserts, upsert_profile
from sitebell.web.api_keys import needs
from sitebell.web.context import now, rules, store, vault
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.strict_fields import Whole, text

MAX_SUBSCRIPTIONS = 100
# Modes of matching that ask for one value: the member that holds it, and what it means here.
MATCHES: dict[str, tuple[str, Callable[[Any], Match]]] = {
    "email": ("email", lambda value: Match(email=value)),
    "email_profile": ("email", lambda value: Match(email=value)),
    "phone": ("phone", lambda value: Match(phone=value)),
    "profile_id": ("profile_id", lambda value: Match(profile_id=value)),
}


class Status(fields.Field[EnrollmentStatus]):
    """A status by its word or its number."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> EnrollmentStatus:  # noqa: ARG002
        for status in EnrollmentStatus:
            if value in (status.value, str(status.number)) or (type(value) is int and value == status.number):
                return status
        raise ValidationError(f"Write one of {', '.join(EnrollmentStatus)}, or its number from 0 to 6.")


class AltcraftSubscriptionBody(Body):
    """One push subscription of a profile."""

    resource_id = Whole(0, LARGEST_ID, required=True)
    channel = fields.String(required=True, validate=OneOf(["push"]))
    provider = text(40, required=True, metadata={"description": "A native provider; any other: the site's own."})
    subscription_id = text(LONGEST_ADDRESS, required=True, metadata={"description": "A token or an endpoint."})
    status = Status(load_default=None, allow_none=True, metadata={"enum": [*EnrollmentStatus, *range(7), None]})


class AltcraftSetBody(AltcraftSubscriptionBody):
    """A subscription, and whose it is."""

    token = text(200, required=True)
    db_id = Whole(1, LARGEST_ID, required=True)
    profile_id = text(24, required=True)


class AltcraftImportBody(Body):
    """A profile: by what it is found, and what is written into it."""

    token = text(200, required=True)
    db_id = Whole(1, LARGEST_ID, required=True)
    matching = fields.String(load_default="email", validate=OneOf([*MATCHES, "custom"]))
    email = text(254, load_default=None, allow_none=True)
    phone = text(40, load_default=None, allow_none=True)
    profile_id = text(24, load_default=None, allow_none=True)
    field_name = text(64, load_default=None, allow_none=True)
    field_value = fields.Raw(load_default=None, allow_none=True)
    data = fields.Dict(
        keys=text(64),
        values=fields.Raw(allow_none=True),
        load_default=dict,
        validate=Length(max=100),
        metadata={"description": "Field to value; `subscriptions` is a list as `subscriptions/set` takes them."},
    )

    @validates_schema
    def _check_match(self, data: dict[str, Any], **_options: Any) -> None:
        needed = ("field_name", "field_value") if data["matching"] == "custom" else (MATCHES[data["matching"]][0],)
        for name in needed:
            if data[name] is None:
                raise ValidationError(f"Matching by {data['matching']} needs it.", name)


class AltcraftImportAnswer(AltcraftAnswer):
    """Whom the call has written."""

    profile_id = fields.String(required=True)


@altcraft.route("/api/v1.1/subscriptions/set", methods=["POST"])
@needs("manage", credential=TOKEN_IN_BODY)
@altcraft.arguments(
    AltcraftSetBody,
    example={
        "token": "0123456789abcdef0123456789abcdef",
        "db_id": 17,
        "profile_id": "59db33d269d426509e9c4bf9",
        "resource_id": 5,
        "channel": "push",
        "provider": "android-firebase",
        "subscription_id": "dH3x:APA91b",
        "status": "suspended",
    },
)
@altcraft.response(200, AltcraftAnswer)
@altcraft.fails(
    *API_KEY,
    *BODY,
    "site_not_found",
    "database_not_found",
    "profile_not_found",
    "subscriber_not_found",
    "opted_out",
)
def set_subscription(body: dict[str, Any]) -> dict[str, Any]:
    """Bind a subscription to a known profile, or change its status there.

    Devices' tokens are stored when they are new; a browser's endpoint has to be known. `subscribed` takes the
    subscription from the database's other profiles; it never undoes what the visitor has said.
    """
    with store().writing() as session:
        site = resource_site(session, body["resource_id"])
        subscription = _find_or_put(session, site, body)
        profile = get_profile(session, get_linked_database(session, site, body["db_id"]), body["profile_id"])
        place(session, subscription, profile, body["status"], now())
    return done()


@altcraft.route("/api/v1.1/profiles/import", methods=["POST"])
@needs("manage", credential=TOKEN_IN_BODY)
@altcraft.arguments(
    AltcraftImportBody,
    example={
        "token": "0123456789abcdef0123456789abcdef",
        "db_id": 17,
        "matching": "email",
        "email": "ann@example.com",
        "data": {"_fname": "Ann"},
    },
)
@altcraft.response(200, AltcraftImportAnswer)
@altcraft.fails(
    *API_KEY,
    *BODY,
    "site_not_found",
    "database_not_found",
    "profile_not_found",
    "subscriber_not_found",
    "opted_out",
    "unknown_field",
    "invalid_value",
    "invalid_operation",
    "invalid_email",
    "invalid_phone",
    "contradictory_match",
)
def import_profile(body: dict[str, Any]) -> dict[str, Any]:
    """Find or make a profile, write its fields, and bind subscriptions to it. All of it is done, or nothing."""
    match, changes, given = _read_import(body)
    with store().writing() as session:
        resources = [resource_site(session, item["resource_id"]) for item in given]
        database = reachable_database(session, body["db_id"], resources)
        lock_addresses(session, [(site, _address(item)) for site, item in zip(resources, given, strict=True)])
        subscriptions = [_find_or_put(session, site, item) for site, item in zip(resources, given, strict=True)]
        profile = _upsert(session, database, match, changes)
        for item, subscription in zip(given, subscriptions, strict=True):
            place(session, subscription, profile, item["status"], now())
        return done(profile_id=profile.public_id)


def _read_import(body: dict[str, Any]) -> tuple[Match, ProfileChanges, list[dict[str, Any]]]:
    if body["matching"] == "custom":
        match = custom_match(body["field_name"], body["field_value"])
    else:
        name, means = MATCHES[body["matching"]]
        match = means(body[name])
    values = dict(body["data"])
    listed = values.pop("subscriptions", [])
    if not isinstance(listed, list) or len(listed) > MAX_SUBSCRIPTIONS:
        raise Invalid("invalid", f"data.subscriptions: Write a list of at most {MAX_SUBSCRIPTIONS}.")
    try:
        given = AltcraftSubscriptionBody(many=True).load(listed)
    except ValidationError as error:
        raise Invalid("invalid", f"data.subscriptions: {error.messages}"[:500]) from error
    return match.normalised(), ProfileChanges(fields=values), given


def _upsert(session: Session, database: Database, match: Match, changes: ProfileChanges) -> Profile:
    lock_upserts(session, database.id, [(match, changes)])
    profile, _ = upsert_profile(session, database, match, changes, now())
    return profile


def _find_or_put(session: Session, site: Site, item: dict[str, Any]) -> Subscription:
    """Return a locked subscription of the site."""
    address = _address(item)
    if isinstance(address, Endpoint):
        browser = find_endpoint(session, site, address)
        if browser is None:
            raise NotFound("subscriber_not_found", "This site has no browser with this endpoint.")
        return browser
    known = find_address(session, site, address)
    return known or put_address(session, vault(), site, address, now())[0]


def _address(item: dict[str, Any]) -> NativeAddress | Endpoint:
    if item["provider"] not in PROVIDERS:
        return rules().parse(item["subscription_id"])
    return parse_native_address(item["provider"], item["subscription_id"])
