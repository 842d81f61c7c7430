"""`POST /push_subscribe`: an app says that a device is to get pushes, or no more. The resource token is public."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf
from sqlalchemy.orm import Session

from sitebell.compat.altcraft.envelope import ALL_WRITTEN, NOT_ALL_WRITTEN, AltcraftAnswer, altcraft, done
from sitebell.compat.bodies import Body
from sitebell.compat.sites import get_speaking_site
from sitebell.errors import Conflict, Invalid, SitebellError
from sitebell.models import AliasKind, Dialect, Site, Subscription
from sitebell.services.addresses import (
    LONGEST_ADDRESS,
    NativeAddress,
    find_address,
    lock_addresses,
    parse_native_address,
    put_address,
)
from sitebell.services.binding.enrolling import NO_DATABASE, Introduction
from sitebell.services.binding.joining import Joined, join, part
from sitebell.services.databases import LARGEST_ID
from sitebell.services.dialects import foreign_id_of
from sitebell.services.identity.admitting import admit
from sitebell.services.matching import NO_MATCH, Match
from sitebell.services.sites import list_databases
from sitebell.web.context import now, store, vault
from sitebell.web.failures import BODY
from sitebell.web.quotas import spend
from sitebell.web.strict_fields import Flag, Whole, text

MAX_SUBSCRIPTIONS = 100
EXAMPLE = {
    "resource_token": "3LXP2FRcRxJ-7b14db88ec937f14",
    "matching": "custom",
    "field_name": "CustomNumber1",
    "field_value": 123,
    "subscriptions": [{"provider": "android-firebase", "subscription_id": "dH3x:APA91b"}],
}
REASONS = {
    "unknown_field": "matching error: unknown field",
    "invalid_value": "matching error: invalid value",
    "profile_not_found": "matching error: profile not found",
    "identity_required": "matching error: identity required",
    "unknown_provider": "unknown provider",
    "unknown_database": "unknown database",
    "duplicate": "Duplicate push subscription",
}

Row = dict[str, Any]


class AltcraftDeviceBody(Body):
    """One device."""

    provider = text(40, required=True, metadata={"description": "android-firebase, ios-apns, …"})
    subscription_id = text(LONGEST_ADDRESS, required=True, metadata={"description": "The device's token."})
    unsubscribe = Flag(load_default=False)


class PushSubscribeBody(Body):
    """Devices of one person, and by what that person is found."""

    resource_token = text(200, required=True)
    id = text(200, load_default=None, allow_none=True, metadata={"description": "The profile's id."})
    db_ids = fields.List(Whole(1, LARGEST_ID), load_default=None, allow_none=True, validate=Length(1, 100))
    matching = fields.String(load_default=None, allow_none=True, validate=OneOf(["", "custom", "profile_id"]))
    field_name = text(64, load_default=None, allow_none=True)
    field_value = fields.Raw(load_default=None, allow_none=True, metadata={"description": "Keeps its JSON type."})
    subscriptions = fields.List(fields.Nested(AltcraftDeviceBody), required=True, validate=Length(1, MAX_SUBSCRIPTIONS))

    @validates_schema
    def _check_matching(self, data: dict[str, Any], **_options: Any) -> None:
        if data["matching"] == "profile_id" and data["id"] is None:
            raise ValidationError("Give the profile's id.", "id")
        if data["matching"] == "custom" and (data["field_name"] is None or data["field_value"] is None):
            raise ValidationError("Give field_name and field_value.", "field_name")


class PushSubscribeAnswer(AltcraftAnswer):
    """A row for each database and device."""

    data = fields.List(
        fields.Dict(metadata={"description": "A row without subscription_id and with status ok: nothing changed."}),
        required=True,
    )


@dataclass(frozen=True)
class Item:
    """One device of a call, and what it asks for; `fault` is why nothing is done for it."""

    provider: str
    token: str
    ends: bool
    address: NativeAddress | None
    fault: SitebellError | None = None


@dataclass(frozen=True)
class Call:
    """What is the same for all rows of a call."""

    session: Session
    site: Site
    resource_id: int
    introduction: Introduction
    falls_back: bool
    refusal: SitebellError | None


@altcraft.route("/push_subscribe", methods=["POST"])
@altcraft.arguments(PushSubscribeBody, example=EXAMPLE)
@altcraft.response(200, PushSubscribeAnswer)
@altcraft.fails(*BODY, "site_not_found", "no_database", "rate_limited")
def post_push_subscribe(body: dict[str, Any]) -> dict[str, Any]:
    """Subscribe or unsubscribe a person's devices, in each database of the resource.

    Each database and device has its own row, which may fail while others succeed. `error` is 0 when every row wrote a
    subscription, else 200. Devices are stored and matched; no transport carries messages to them.
    """
    with store().reading() as session:
        site = get_speaking_site(session, Dialect.ALTCRAFT, body["resource_token"])
    spend(site)
    items = list(_read_items(body["subscriptions"]))
    with store().writing() as session:
        rows = _work_off(session, site, body, items)
    are_written = all("subscription_id" in row for row in rows)
    return done(ALL_WRITTEN if are_written else NOT_ALL_WRITTEN, data=rows)


def _read_items(subscriptions: Sequence[dict[str, Any]]) -> Iterator[Item]:
    known: set[NativeAddress] = set()
    for given in subscriptions:
        item = Item(given["provider"], given["subscription_id"], given["unsubscribe"], None)
        try:
            address = parse_native_address(item.provider, item.token)
        except Invalid as fault:
            yield replace(item, fault=fault)
            continue
        if address in known:
            yield replace(item, fault=Conflict("duplicate", "The device is in this call already."))
        else:
            yield replace(item, address=address)
        known.add(address)


def _work_off(session: Session, site: Site, body: dict[str, Any], items: Sequence[Item]) -> list[Row]:
    linked = list_databases(session, site)
    if not linked:
        raise Conflict("no_database", NO_DATABASE)
    wanted = linked if body["db_ids"] is None else list(dict.fromkeys(body["db_ids"]))
    # Databases are worked in one order, whatever the caller's is: that is the order of locks.
    introduction = Introduction(match=_read_match(body), database_ids=[id_ for id_ in linked if id_ in wanted])
    admission = admit(session, vault(), site, introduction, None, now())
    resource_id = int(foreign_id_of(session, site, Dialect.ALTCRAFT, AliasKind.RESOURCE_ID) or 0)
    call = Call(session, site, resource_id, admission.introduction, not body["matching"], admission.refusal)
    unknown = [_fail(call, id_, "unknown_database") for id_ in wanted if id_ not in linked]
    lock_addresses(session, site, [item.address for item in items if item.address])
    known = [_find_or_put(call, item) for item in items]
    rows: list[Row] = []
    for item, found in zip(items, known, strict=True):
        rows += sorted(_rows(call, item, *found), key=lambda row: wanted.index(row["db_id"]))
    return sorted(rows + unknown, key=lambda row: row["status"] == "error")  # as in the vendor's samples


def _read_match(body: dict[str, Any]) -> Match:
    if body["matching"] == "custom":
        return Match(custom=(body["field_name"], body["field_value"]))
    return NO_MATCH if body["id"] is None else Match(profile_id=body["id"])


def _find_or_put(call: Call, item: Item) -> tuple[Subscription | None, bool]:
    """Return all devices' rows before profiles are touched: that is the order of locks."""
    if item.address is None:
        return None, False
    if item.ends:
        return find_address(call.session, call.site, item.address), False
    return put_address(call.session, vault(), call.site, item.address, now())


def _rows(call: Call, item: Item, subscription: Subscription | None, begins: bool) -> Iterator[Row]:  # noqa: FBT001
    if item.address is None:
        for database_id in call.introduction.database_ids or ():
            yield _fail(call, database_id, item.fault.code if item.fault else "")
        return
    for result in _ask(call, call.introduction, item, subscription):
        yield _row(call, item, subscription, _second_try(call, item, subscription, result), begins=begins)


def _second_try(call: Call, item: Item, subscription: Subscription | None, result: Joined) -> Joined:
    """Look for the device itself where nobody has the id: a profile is in one database, a call may mean several."""
    if not call.falls_back or result.error is None or result.error.code != "profile_not_found":
        return result
    here = replace(call.introduction, match=NO_MATCH, database_ids=[result.database_id])
    return _ask(call, here, item, subscription)[0]


def _row(call: Call, item: Item, subscription: Subscription | None, result: Joined, *, begins: bool) -> Row:
    if call.refusal is not None and not item.ends:
        return _fail(call, result.database_id, call.refusal.code)
    if result.error is not None:
        return _fail(call, result.database_id, result.error.code)
    return _show(call, item, subscription, replace(result, has_changed=result.has_changed or begins))


def _ask(call: Call, introduction: Introduction, item: Item, subscription: Subscription | None) -> list[Joined]:
    if item.ends or subscription is None:
        return part(call.session, subscription, introduction, now())
    return join(call.session, call.site, subscription, introduction, now())


def _show(call: Call, item: Item, subscription: Subscription | None, result: Joined) -> Row:
    row = {"db_id": result.database_id, "description": "", "profile_id": result.profile_id}
    if result.has_changed and subscription is not None:
        row |= {"provider": item.provider, "subscription_id": item.token, "unsubscribe": item.ends}
        row |= {"subscription_hash_id": subscription.subscriber_hash}
    return row | {"resource_id": call.resource_id, "status": "ok"}


def _fail(call: Call, database_id: int, code: str) -> Row:
    description = REASONS.get(code, code)
    return {"db_id": database_id, "description": description, "resource_id": call.resource_id, "status": "error"}
