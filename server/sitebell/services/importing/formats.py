"""The formats of other systems: which columns hold what."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from sitebell.errors import Invalid
from sitebell.models import SubscriptionStatus
from sitebell.models.profile import LONGEST_EXTERNAL_ID
from sitebell.push.endpoint import EndpointRules
from sitebell.services.addresses import parse_native_address
from sitebell.services.importing.columns import AUTH, ENDPOINT, P256DH, SUBSCRIPTION
from sitebell.services.importing.moments import read_moment
from sitebell.services.importing.rows import NOBODY, Person, Record, SourceRow
from sitebell.services.importing.statuses import read_status
from sitebell.services.matching import Match
from sitebell.services.public_ids import is_profile_id
from sitebell.services.subscriptions.lifecycle import Address, parse_address

Values = Mapping[str, Any]
TRUE = ("1", "t", "true", "yes", "y")
_COUNTRY = re.compile(r"[A-Za-z]{2}")  # ISO 3166-1; other letters may become more than two in upper case
KNOWN_KINDS = ("external_id", "email", "phone", "profile_id")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the rows of a file are to be understood.

    Attributes:
        format: csv, ndjson, onesignal or perfecty.
        provider: of native apps' tokens; None for web push, whose endpoints say it themselves.
        match: names of columns by what a profile is found by: `external_id`, `email`, `phone`, `profile_id`, a field.
        worker: the vendor whose worker the browsers still run, where the format does not say it.
        keeps_ids: profiles that are not here are made with the `profile_id` that a row names.
        convert: makes the JSON value of a custom field from a cell.
    """

    format: str
    rules: EndpointRules
    provider: str | None = None
    match: Mapping[str, str] = field(default_factory=dict)
    worker: str | None = None
    keeps_ids: bool = False
    convert: Callable[[str, str], Any] = lambda _name, cell: cell


def read_row(record: Record, reading: Reading) -> SourceRow:
    """Return the subscription of a row of another system.

    Raises:
        SitebellError: what is wrong with it.
    """
    if record.values is None:
        raise Invalid("unreadable_row", record.problem)
    values = {name.lower(): cell for name, cell in record.values.items()}
    person = _person(record.values, reading, _READERS[reading.format].default_match)
    return _READERS[reading.format].read(values, reading, person)


def _read_csv(values: Values, reading: Reading, person: Person) -> SourceRow:
    standing = read_status(_cell(values, "status") or SubscriptionStatus.SUBSCRIBED)
    about: dict[str, Any] = {"facts": _facts(values), "people": standing.applied_to([person])}
    about |= _ended(standing.subscription != SubscriptionStatus.SUBSCRIBED, standing.subscription)
    if reading.provider is not None:
        return SourceRow(address=parse_native_address(reading.provider, _cell(values, *ENDPOINT) or ""), **about)
    key = _cell(values, "vapid_public_key")
    return SourceRow(
        address=_web_address(values, reading),
        vapid_public_key=key.rstrip("=") if key else None,
        worker=reading.worker,
        **about,
    )


def _read_onesignal(values: Values, reading: Reading, person: Person) -> SourceRow:
    """Read a row of the players' export; opt-outs stand in `notification_types` (below 1) or `invalid_identifier`."""
    if not (_cell(values, "identifier") or "").startswith("https://"):
        kind = _cell(values, "device_type") or "unknown"
        raise Invalid("not_web_push", f"The row is no browser's (device_type {kind}).")
    types = _cell(values, "notification_types")
    is_ended = _is_true(values, "invalid_identifier") or (types is not None and not _is_positive(types))
    return SourceRow(
        address=_web_address(values, reading),
        worker=reading.worker or "onesignal",
        facts=_facts(values),
        people=[person],
        **_ended(is_ended),
    )


def _read_perfecty(values: Values, reading: Reading, person: Person) -> SourceRow:
    """Read a row of `wp_perfecty_push_users`."""
    is_ended = not _is_true(values, "is_active") or _is_true(values, "disabled")
    return SourceRow(
        address=_web_address(values, reading),
        worker=reading.worker or "perfecty",
        facts=_facts(values),
        people=[person],
        **_ended(is_ended),
    )


@dataclass(frozen=True)
class _Reader:
    read: Callable[[Values, Reading, Person], SourceRow]
    default_match: Mapping[str, str] = field(default_factory=dict)


_READERS = {
    "csv": _Reader(_read_csv),
    "onesignal": _Reader(_read_onesignal, {"external_id": "external_user_id"}),
    "perfecty": _Reader(_read_perfecty),
}


def _web_address(values: Values, reading: Reading) -> Address:
    whole = _cell(values, SUBSCRIPTION)
    if whole is not None:
        try:
            found = json.loads(whole)
            return parse_address(reading.rules, found["endpoint"], found["keys"]["p256dh"], found["keys"]["auth"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Invalid("invalid_endpoint", "The column subscription holds no endpoint with keys.") from None
    keys = [_base64url(_cell(values, *names)) for names in (P256DH, AUTH)]
    return parse_address(reading.rules, _cell(values, *ENDPOINT) or "", *keys)


def _person(values: Values, reading: Reading, default: Mapping[str, str]) -> Person:
    wanted = reading.match or {kind: column for kind, column in default.items() if column in values}
    cells = {kind: _cell(values, column) for kind, column in wanted.items()}
    known = {kind: cell for kind, cell in cells.items() if cell is not None}
    custom = next(((name, known[name]) for name in known if name not in KNOWN_KINDS), None)
    if len(known.get("external_id", "")) > LONGEST_EXTERNAL_ID:
        raise Invalid("invalid_external_id", f"An external id has at most {LONGEST_EXTERNAL_ID} characters.")
    keeps_id = reading.keeps_ids and "profile_id" in known
    if keeps_id and not is_profile_id(known["profile_id"]):
        raise Invalid("invalid_row", f"A profile id is 24 hex digits in lower case, not {known['profile_id'][:40]}.")
    match = Match(
        **{kind: known[kind] for kind in KNOWN_KINDS if kind in known},
        custom=(custom[0], reading.convert(*custom)) if custom else None,
    ).normalised()
    tags, lost = _tags(values)
    if match.is_empty:
        return Person(is_anonymous=True, tags=tags, lost_tags=lost) if tags or lost else NOBODY
    return Person(match=match, keeps_id=keeps_id, tags=tags, lost_tags=lost)


def _tags(values: Values) -> tuple[list[str], int]:
    """Return OneSignal's tags, which are pairs, as `name=value`, and how many have values that no text is."""
    try:
        pairs = json.loads(values.get("tags") or "{}")
    except (ValueError, RecursionError):
        return [], 0
    told = {name: value for name, value in pairs.items() if value is not None} if isinstance(pairs, dict) else {}
    flat = {name: value for name, value in told.items() if not isinstance(value, dict | list)}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in flat.items()}
    return [f"{name}={text}".strip() for name, text in texts.items()], len(told) - len(flat)


def _facts(values: Values) -> dict[str, Any]:
    zone, country = _cell(values, "time_zone", "timezone_id"), _cell(values, "country")
    facts = {
        "locale": (_cell(values, "locale", "language") or "")[:40] or None,
        "time_zone": zone if zone in _zones() else None,
        "country": country.upper() if country and _COUNTRY.fullmatch(country) else None,
        "created_at": _moment(_cell(values, "created_at", "creation_time")),
        "seen_at": _moment(_cell(values, "seen_at", "last_active")),
    }
    return {name: value for name, value in facts.items() if value is not None}


@cache
def _zones() -> set[str]:
    return available_timezones()  # it looks at a thousand files


def _moment(text: str | None) -> datetime | None:
    try:
        return read_moment((text or "").removesuffix(" UTC"))
    except ValueError:
        return None


def _ended(
    is_ended: bool,  # noqa: FBT001
    status: SubscriptionStatus = SubscriptionStatus.UNSUBSCRIBED,
) -> dict[str, str]:
    return {"status": status, "status_reason": f"{status} before the import"} if is_ended else {}


def _cell(values: Values, *names: str) -> str | None:
    found = next((values[name] for name in names if values.get(name)), "").strip()
    return None if found in ("", "NULL", "\\N") else found


def _base64url(text: str | None) -> str:
    return (text or "").replace("+", "-").replace("/", "_")


def _is_true(values: Values, name: str) -> bool:
    return (_cell(values, name) or "").lower() in TRUE


def _is_positive(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return True
