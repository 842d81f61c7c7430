"""The rows of a `push_subscribe`: a device joined to a profile of one database, or parted from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from sitebell.models import Site, Subscription
from sitebell.services.addresses import NativeAddress, find_address, lock_addresses, put_address
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.binding.joining import Joined, join, part
from sitebell.services.identity.admitting import admit
from sitebell.services.identity.strictness import is_signed
from sitebell.services.matching import NO_MATCH, Match
from sitebell.web.context import now, vault

REASONS = {
    "unknown_field": "matching error: unknown field",
    **dict.fromkeys(("invalid_value", "invalid_email", "invalid_phone"), "matching error: invalid value"),
    "profile_not_found": "matching error: profile not found",
    "identity_required": "matching error: identity required",
    "unknown_provider": "unknown provider",
    "unknown_database": "unknown database",
    "duplicate": "Duplicate push subscription",
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Device:
    """One device of a call, and what it asks for; without an address, `fault` is why nothing is done for it."""

    provider: str
    token: str
    ends: bool
    address: NativeAddress | None = None
    fault: str = ""


@dataclass(frozen=True)
class Task:
    """One row: a device in one database."""

    device: Device
    database_id: int


@dataclass(frozen=True)
class Call:
    """What is the same for all rows of a call. `begun` are the devices that it has stored or brought back so far."""

    site: Site
    resource_id: int
    match: Match
    falls_back: bool
    begun: set[NativeAddress] = field(default_factory=set)


def work_off(session: Session, call: Call, tasks: Sequence[Task]) -> list[Row]:
    """Do tasks in one transaction, and return a row for each."""
    return _Transaction(session, call).rows(tasks)


def fail(call: Call, database_id: int, code: str) -> Row:
    """Return the row of a database in which nothing was done."""
    description = REASONS.get(code, code)
    return {"db_id": database_id, "description": description, "resource_id": call.resource_id, "status": "error"}


class _Transaction:
    """A few rows of a call. Whose word counts is asked in each: the site may be a signed one since the last."""

    def __init__(self, session: Session, call: Call) -> None:
        self._session, self._call = session, call
        self._is_signed = is_signed(session, call.site.id)

    def rows(self, tasks: Sequence[Task]) -> list[Row]:
        devices = {task.device.address: task.device for task in tasks if task.device.address is not None}
        # The order of locks: all devices before any profile, and one order of databases, whatever the caller's is.
        lock_addresses(self._session, [(self._call.site, address) for address in devices])
        known = {address: self._find_or_put(address, ends=device.ends) for address, device in devices.items()}
        rows = {task: self._row(task, known) for task in sorted(tasks, key=lambda task: task.database_id)}
        return [rows[task] for task in tasks]

    def _find_or_put(self, address: NativeAddress, *, ends: bool) -> Subscription | None:
        if ends:
            return find_address(self._session, self._call.site, address)
        row, begins = put_address(self._session, vault(), self._call.site, address, now())
        if begins:
            self._call.begun.add(address)
        return row

    def _row(self, task: Task, known: Mapping[NativeAddress, Subscription | None]) -> Row:
        device = task.device
        if device.address is None:
            return fail(self._call, task.database_id, device.fault)
        said = Introduction(match=self._call.match, database_ids=[task.database_id])
        admission = admit(self._session, vault(), self._call.site, said, None, now())
        subscription = known[device.address]
        result = self._try(device, subscription, admission.introduction)
        if admission.refusal is not None and not device.ends:
            return fail(self._call, task.database_id, admission.refusal.code)
        if result.error is not None:
            return fail(self._call, task.database_id, result.error.code)
        return self._show(device, subscription, result)

    def _try(self, device: Device, subscription: Subscription | None, introduction: Introduction) -> Joined:
        """Look for the device itself where nobody has the id: a profile is in one database, a call may mean several."""
        result = self._ask(device, subscription, introduction)
        if not self._call.falls_back or result.error is None or result.error.code != "profile_not_found":
            return result
        return self._ask(device, subscription, replace(introduction, match=NO_MATCH))

    def _ask(self, device: Device, subscription: Subscription | None, introduction: Introduction) -> Joined:
        if device.ends or subscription is None:
            [result] = part(self._session, subscription, introduction, now())
        else:
            [result] = join(self._session, self._call.site, subscription, introduction, now())
        return result

    def _show(self, device: Device, subscription: Subscription | None, result: Joined) -> Row:
        # A device may always leave. Whose it is, is not for a caller to hear who has proved nothing (SEC-23).
        profile_id = "" if self._is_signed else result.profile_id
        row = {"db_id": result.database_id, "description": "", "profile_id": profile_id}
        if subscription is not None and (result.has_changed or device.address in self._call.begun):
            row |= {"provider": device.provider, "subscription_id": device.token, "unsubscribe": device.ends}
            row |= {"subscription_hash_id": subscription.subscriber_hash}
        return row | {"resource_id": self._call.resource_id, "status": "ok"}
