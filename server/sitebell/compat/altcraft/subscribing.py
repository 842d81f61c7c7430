"""`POST /push_subscribe`: an app says that a device is to get pushes, or no more. The resource token is public."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf

from sitebell.compat.altcraft.custom_match import custom_match
from sitebell.compat.altcraft.device_rows import Call, Device, Row, Task, fail, work_off
from sitebell.compat.altcraft.envelope import ALL_WRITTEN, NOT_ALL_WRITTEN, AltcraftAnswer, altcraft, done
from sitebell.compat.bodies import Body
from sitebell.compat.sites import get_speaking_site
from sitebell.errors import Conflict, Invalid
from sitebell.models import AliasKind, Dialect
from sitebell.services.addresses import LONGEST_ADDRESS, NativeAddress, parse_native_address
from sitebell.services.binding.enrolling import NO_DATABASE
from sitebell.services.databases import LARGEST_ID, list_database_ids
from sitebell.services.dialects import foreign_id_of
from sitebell.services.matching import NO_MATCH, Match
from sitebell.web.context import store
from sitebell.web.failures import BODY
from sitebell.web.quotas import spend
from sitebell.web.strict_fields import Flag, Whole, text

MAX_ROWS = 100  # a row for each device and database: less than the tokens of one network
ROWS_PER_COMMIT = 5  # on SQLite a page's call waits for one such transaction
EXAMPLE = {
    "resource_token": "3LXP2FRcRxJ-7b14db88ec937f14",
    "matching": "custom",
    "field_name": "CustomNumber1",
    "field_value": 123,
    "subscriptions": [{"provider": "android-firebase", "subscription_id": "dH3x:APA91b"}],
}


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
    subscriptions = fields.List(fields.Nested(AltcraftDeviceBody), required=True, validate=Length(1, MAX_ROWS))

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


@altcraft.route("/push_subscribe", methods=["POST"])
@altcraft.arguments(PushSubscribeBody, example=EXAMPLE)
@altcraft.response(200, PushSubscribeAnswer)
@altcraft.fails(*BODY, "site_not_found", "no_database", "rate_limited")
def post_push_subscribe(body: dict[str, Any]) -> dict[str, Any]:
    """Subscribe or unsubscribe a person's devices, in each database of the resource.

    Each database and device has its own row, which may fail while others succeed; at most 100, each of which takes a
    token of the caller's network. `error` is 0 when every row wrote a subscription, else 200. Devices are stored and
    matched; no transport carries messages to them.
    """
    call, linked = _read_call(body)
    wanted = linked if body["db_ids"] is None else list(dict.fromkeys(body["db_ids"]))
    devices = list(_read_devices(body["subscriptions"]))
    tasks = [Task(device, database_id) for device in devices for database_id in wanted if database_id in linked]
    if len(tasks) > MAX_ROWS:
        sentence = f"{len(tasks)} rows, devices times databases: a call has at most {MAX_ROWS}."
        raise Invalid("invalid", f"subscriptions: {sentence}", {"subscriptions": sentence})
    spend(call.site, cost=max(1, len(tasks)))
    if not linked:
        raise Conflict("no_database", NO_DATABASE)
    rows = list(_work_off(call, tasks))
    rows += [fail(call, database_id, "unknown_database") for database_id in wanted if database_id not in linked]
    rows.sort(key=lambda row: row["status"] == "error")  # as in the vendor's samples
    are_written = all("subscription_id" in row for row in rows)
    return done(ALL_WRITTEN if are_written else NOT_ALL_WRITTEN, data=rows)


def _read_call(body: dict[str, Any]) -> tuple[Call, list[int]]:
    """Return what is the same for all rows, and the databases of the resource."""
    with store().reading() as session:
        site = get_speaking_site(session, Dialect.ALTCRAFT, body["resource_token"])
        resource_id = int(foreign_id_of(session, site, Dialect.ALTCRAFT, AliasKind.RESOURCE_ID) or 0)
        return Call(site, resource_id, _read_match(body), falls_back=not body["matching"]), list_database_ids(
            session, site
        )


def _read_match(body: dict[str, Any]) -> Match:
    if body["matching"] == "custom":
        return custom_match(body["field_name"], body["field_value"])
    return NO_MATCH if body["id"] is None else Match(profile_id=body["id"])


def _read_devices(subscriptions: Sequence[dict[str, Any]]) -> Iterator[Device]:
    known: set[NativeAddress] = set()
    for given in subscriptions:
        provider, token, ends = given["provider"], given["subscription_id"], given["unsubscribe"]
        try:
            address = parse_native_address(provider, token)
        except Invalid as fault:
            yield Device(provider, token, ends, fault=fault.code)
            continue
        if address in known:
            yield Device(provider, token, ends, fault="duplicate")
        else:
            yield Device(provider, token, ends, address)
        known.add(address)


def _work_off(call: Call, tasks: Sequence[Task]) -> Iterator[Row]:
    """Write a few rows in each transaction, so that a visitor's call waits for no more than those."""
    left = iter(tasks)
    while few := list(islice(left, ROWS_PER_COMMIT)):
        with store().writing() as session:
            rows = work_off(session, call, few)
        yield from rows
