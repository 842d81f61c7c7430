"""Our own format, one JSON object a line: what an export writes and an import reads, so that one undoes the other."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sitebell.errors import Invalid
from sitebell.models import BoundBy, EnrollmentStatus, SubscriptionStatus, SuspendedBy
from sitebell.models.profile import LONGEST_EXTERNAL_ID
from sitebell.push.endpoint import EndpointRules
from sitebell.services.addresses import EMAIL, NativeAddress, parse_email_address, parse_native_address
from sitebell.services.fields.contact import normalise_phone
from sitebell.services.importing.moments import read_moment
from sitebell.services.importing.rows import NOBODY, VENDORS, Person, Record, SourceRow
from sitebell.services.importing.statuses import read_status
from sitebell.services.matching import Match
from sitebell.services.public_ids import is_profile_id, is_subscriber_hash
from sitebell.services.subscriptions.lifecycle import Address, parse_address

Values = Mapping[str, Any]
Item = TypeVar("Item")
TEXTS = {"locale": 40, "time_zone": 60, "browser": 40, "platform": 40, "country": 2}
MOMENTS = ("created_at", "updated_at", "seen_at", "clicked_at", "first_accepted_at")
LONGEST_JSON = 16 * 1024 * 1024  # characters of a line: a profile with two hundred full lists has ten million
MAX_PROFILES = 100
MAX_FIELDS = 1000
WORDS = tuple(BoundBy)
VAPID_KEY = "vapid_key"


def read_own_row(
    record: Record, rules: EndpointRules, worker: str | None = None, provider: str | None = None
) -> SourceRow:
    """Return the subscription of a line; `worker`, and `provider` of a token, where the line does not name one.

    Raises:
        SitebellError: what is wrong with it.
    """
    if record.values is None:
        raise Invalid("unreadable_row", record.problem)
    values = record.values
    facts: dict[str, Any] = {name: _text(values, name, longest) for name, longest in TEXTS.items()}
    facts |= {name: _moment(values, name) for name in MOMENTS}
    people = [_person(entry) for entry in _list(values, "profiles", dict, MAX_PROFILES)] or [NOBODY]
    standing = read_status(str(values.get("status") or SubscriptionStatus.SUBSCRIBED))
    return SourceRow(
        address=_address(values, rules, provider),
        vapid_public_key=_text(values, "vapid_public_key", 90),
        subscriber_hash=_hash(values),
        status=standing.subscription,
        status_reason=_text(values, "status_reason", 200) or "",
        worker=_one_of(values, "worker", ("", *VENDORS)) or worker,
        facts={name: value for name, value in facts.items() if value is not None},
        topics=_list(values, "topics", str, 100),
        people=standing.applied_to(people),
    )


def _address(values: Values, rules: EndpointRules, usual: str | None) -> Address | NativeAddress:
    if "token" in values:
        provider, token = _text(values, "provider", 40) or usual or "", _text(values, "token", 4096) or ""
        return parse_email_address(token) if provider == EMAIL else parse_native_address(provider, token)
    nested = values.get("keys")  # as PushSubscription.toJSON() writes them
    keys = nested if isinstance(nested, dict) else values
    return parse_address(rules, values.get("endpoint", ""), keys.get("p256dh", ""), keys.get("auth", ""))


def _hash(values: Values) -> str | None:
    found = _text(values, "subscriber_hash", 32)
    if found is not None and not is_subscriber_hash(found):
        raise _wrong("subscriber_hash", "32 hex digits")
    return found


def _person(entry: Values) -> Person:
    public_id = _text(entry, "id", 24)
    if public_id is not None and not is_profile_id(public_id):
        raise _wrong("profiles.id", "24 hex digits")
    phones = [normalise_phone(phone) for phone in _list(entry, "phones", str, 10)]
    match = Match(
        profile_id=public_id,
        external_id=_external_id(entry),
        email=_text(entry, "email", 254),
        phone=phones[0] if phones else None,
    )
    ends = _object(entry, "tags_until", 100)
    return Person(
        match=match.normalised(),
        database_id=_number(entry, "database_id"),
        keeps_id=public_id is not None,
        is_anonymous=entry.get("is_anonymous") is True,
        phones=phones,
        tags=_list(entry, "tags", str, 100),
        tags_until={tag: end for tag in ends if (end := _moment(ends, tag)) is not None},
        fields=_object(entry, "fields", MAX_FIELDS),
        bound_by=_word(entry),
        **_standing(entry),
    )


def _word(entry: Values) -> BoundBy:
    """Return by whose word the browser is bound: as an export says, but none stronger than the operator's (SEC-23)."""
    said = _one_of(entry, "bound_by", WORDS) or BoundBy.IMPORT
    return WORDS[min(WORDS.index(BoundBy(said)), WORDS.index(BoundBy.IMPORT))]


def _standing(entry: Values) -> dict[str, Any]:
    standing = read_status(str(entry.get("status") or EnrollmentStatus.SUBSCRIBED))
    ended = (
        standing.subscription != SubscriptionStatus.SUBSCRIBED and standing.enrollment == EnrollmentStatus.SUBSCRIBED
    )
    status = EnrollmentStatus.UNSUBSCRIBED if ended else standing.enrollment
    paused_by = SuspendedBy.VISITOR if status == EnrollmentStatus.SUSPENDED else None
    return {
        "status": status,
        "suspended_by": _one_of(entry, "suspended_by", tuple(SuspendedBy)) or paused_by,
        "suspended_until": _moment(entry, "suspended_until"),
    }


def _text(values: Values, name: str, longest: int) -> str | None:
    found = values.get(name)
    if found is None:
        return None
    if not isinstance(found, str) or not 0 < len(found) <= longest or not found.isprintable():
        if found == "":
            return None
        raise _wrong(name, f"a text of at most {longest} printable characters")
    return found


def _external_id(values: Values) -> str | None:
    """Return the site's own id of somebody: any text, as everywhere else."""
    found = values.get("external_id")
    if found is not None and (not isinstance(found, str) or len(found) > LONGEST_EXTERNAL_ID):
        raise _wrong("external_id", f"a text of at most {LONGEST_EXTERNAL_ID} characters")
    return found or None


def _number(values: Values, name: str) -> int | None:
    found = values.get(name)
    if found is not None and (not isinstance(found, int) or isinstance(found, bool)):
        raise _wrong(name, "a whole number")
    return found


def _moment(values: Values, name: str) -> datetime | None:
    found = values.get(name)
    if found is None:
        return None
    try:
        return read_moment(found)
    except (TypeError, ValueError):
        raise _wrong(name, "a moment such as 2026-12-24T18:00:00+00:00") from None


def _one_of(values: Values, name: str, words: Sequence[str]) -> str | None:
    found = values.get(name)
    if found is not None and found not in words:
        raise _wrong(name, f"one of {', '.join(filter(None, words))}")
    return found


def _object(values: Values, name: str, longest: int) -> Values:
    found = values.get(name) or {}
    if not isinstance(found, dict) or len(found) > longest:
        raise _wrong(name, f"an object of at most {longest} members")
    return found


def _list(values: Values, name: str, kind: type[Item], longest: int) -> list[Item]:
    found = values.get(name) or []
    if not isinstance(found, list) or len(found) > longest or not all(isinstance(item, kind) for item in found):
        raise _wrong(name, f"a list of at most {longest}")
    return found


def _wrong(name: str, what: str) -> Invalid:
    return Invalid("invalid_row", f"{name} must be {what}.")
