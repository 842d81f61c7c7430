"""What the columns of a CSV file are called: how its head is read, and which system it comes from."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sitebell.errors import Invalid
from sitebell.services.importing.csv_rows import parse_csv

ENDPOINT = ("endpoint", "identifier", "address", "token")
P256DH = ("p256dh", "key_p256dh", "web_p256", "keys.p256dh")
AUTH = ("auth", "key_auth", "web_auth", "keys.auth")
SUBSCRIPTION = "subscription"  # what PushSubscription.toJSON() writes
DELIMITERS = (",", ";", "\t")
_REACH = {*ENDPOINT, *P256DH, *AUTH, SUBSCRIPTION}
_TOLD = re.compile(r'"?sep=([^\w\s"]|\t)"?', re.IGNORECASE)
_BEGINNING = (
    "A CSV file begins with the names of its columns: endpoint, p256dh and auth, or subscription, or token with"
    " --provider; NDJSON begins with {, a JSON array with [."
)
_NO_KEYS = (
    'This export of OneSignal lacks the keys: ask for it with extra_fields ["web_auth", "web_p256",'
    ' "external_user_id", "notification_types"].'
)


@dataclass(frozen=True)
class Head:
    """The head of a CSV file: names of columns, empty where one has none, and what stands between them."""

    names: Sequence[str]
    delimiter: str

    @property
    def width(self) -> int:
        """How many columns there are up to the last one that has a name."""
        return max((place for place, name in enumerate(self.names, 1) if name), default=0)

    @property
    def known(self) -> int:
        """How many columns say how somebody is reached."""
        return sum(name.lower() in _REACH for name in self.names)


def told_delimiter(line: str) -> str | None:
    """Return the delimiter that a line `sep=;`, as Excel writes it, announces; None: it is no such line."""
    found = _TOLD.fullmatch(line.strip("\r\n "))
    return found[1] if found else None


def read_head(line: str, told: str | None = None) -> Head:
    """Return the head that a line is, cut where `told` or where most columns come out that are known.

    Raises:
        Invalid: `invalid_file`, it is none, or two columns have one name.
    """
    heads = [
        Head([name.strip() for name in cells], delimiter)
        for delimiter in ([told] if told else DELIMITERS)
        if (cells := parse_csv(line, delimiter))
    ]
    head = max(heads, key=lambda one: (one.known, len(one.names)), default=None)
    if head is None or not head.width:
        raise Invalid("invalid_file", f"This is no file of subscriptions. {_BEGINNING}")
    name, count = Counter(name.lower() for name in head.names if name).most_common(1)[0]
    if count > 1:
        raise Invalid("invalid_file", f"The file has {count} columns with the name {name[:40]}: rename all but one.")
    return head


def find_format(columns: Sequence[str] | None, wanted: str | None = None, provider: str | None = None) -> str:
    """Return the format of a file by the names of its columns, None for JSON, unless one is `wanted`.

    Raises:
        Invalid: `invalid_file`, it is not of this format, or the columns that somebody is reached with are missing.
    """
    format_ = wanted or _detect(columns)
    if (format_ == "ndjson") != (columns is None):
        raise Invalid("invalid_file", f"This file is not of the format {format_}.")
    missing = _missing(format_, {name.lower() for name in columns or ()}, provider)
    if missing and format_ == "onesignal":
        raise Invalid("invalid_file", _NO_KEYS)
    if missing:
        lacking = " and ".join(missing)
        raise Invalid("invalid_file", f"This is no file of subscriptions: it lacks {lacking}. {_BEGINNING}")
    return format_


def _detect(columns: Sequence[str] | None) -> str:
    names = set(columns or ())
    if {"identifier", "invalid_identifier"} <= names:
        return "onesignal"
    if {"endpoint", "key_auth", "key_p256dh", "is_active"} <= names:
        return "perfecty"
    return "ndjson" if columns is None else "csv"


def _missing(format_: str, names: set[str], provider: str | None) -> list[str]:
    """Return which columns a file lacks without which no row of it can be imported, or none as it is meant."""
    if format_ == "ndjson":
        return []
    if format_ == "csv" and provider is not None:
        return [] if names & set(ENDPOINT) else ["token"]
    wanted: list[tuple[str, ...]] = [] if SUBSCRIPTION in names else [ENDPOINT, P256DH, AUTH]
    if format_ == "perfecty":
        wanted.append(("is_active",))  # without it everybody would have opted out
    return [one[0] for one in wanted if not names & set(one)]
