"""What a file says about one subscription, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sitebell.errors import SitebellError
from sitebell.models import BoundBy, EnrollmentStatus, SubscriptionStatus
from sitebell.services.addresses import NativeAddress
from sitebell.services.matching import NO_MATCH, Match
from sitebell.services.subscriptions.lifecycle import Address


@dataclass(frozen=True)
class Record:
    """One row of a file as it stands there.

    Attributes:
        line: where it begins, counted from 1.
        entry: its number, counted from 1, where the file is a JSON array, which may stand on one line.
        values: its members by their names; None when the row cannot be read at all.
        problem: why it cannot.
        pieces: the row itself, when it cannot be read, to be read once; bytes that are no UTF-8 are surrogates.
        is_long: it is longer than a row may be: its pieces have to be read before the next row of the file.
        size: its characters, of one that is too long those that are held.
    """

    line: int
    values: Mapping[str, Any] | None
    problem: str = ""
    pieces: Iterable[str] = ()
    is_long: bool = False
    size: int = 0
    entry: int | None = None

    @property
    def number(self) -> int:
        """What no other row of the file has; it rises from row to row."""
        return self.line if self.entry is None else self.entry


@dataclass(frozen=True, kw_only=True)
class Person:
    """A profile that a subscription stands at.

    Attributes:
        match: by what it is found or, but for a bare `profile_id`, made; NO_MATCH makes an anonymous one.
        database_id: as the file says; None means every database of the site.
        keeps_id: a new profile gets the id of `match.profile_id`, which no e-mail address or phone number overrules.
        lost_tags: how many more the file has that cannot be written as one.
        tags_until: tags that come off by themselves, and when.
        fields: what else is known about a new profile, by the names of fields.
        bound_by: whose word it is: the operator's, unless the file says that it was a weaker one.
    """

    match: Match = NO_MATCH
    database_id: int | None = None
    keeps_id: bool = False
    is_anonymous: bool = False
    phones: Sequence[str] = ()
    tags: Sequence[str] = ()
    lost_tags: int = 0
    tags_until: Mapping[str, datetime] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    bound_by: BoundBy = BoundBy.IMPORT
    status: str = EnrollmentStatus.SUBSCRIBED
    suspended_by: str | None = None
    suspended_until: datetime | None = None


VENDORS = ("onesignal", "perfecty", "altcraft", "pushengage", "cleverpush")
NOBODY = Person(is_anonymous=True)


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """One subscription, its own words checked; whether it fits to what is stored is not looked at yet.

    Attributes:
        vapid_public_key: the key that it was made with, if the row says so.
        status: `unsubscribed` where the old system knew of an opt-out; then nothing is sent to it here either.
        worker: the one of VENDORS whose worker file the browser still runs; None for ours.
        facts: other columns of `Subscription`.
    """

    address: Address | NativeAddress
    vapid_public_key: str | None = None
    subscriber_hash: str | None = None
    status: str = SubscriptionStatus.SUBSCRIBED
    status_reason: str = ""
    worker: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    topics: Sequence[str] = ()
    people: Sequence[Person] = (NOBODY,)

    @property
    def text(self) -> str:
        """The address as it is stored."""
        return self.address.token if isinstance(self.address, NativeAddress) else self.address.endpoint.url

    @property
    def provider(self) -> str:
        """Who carries messages to it."""
        return self.address.provider if isinstance(self.address, NativeAddress) else self.address.endpoint.service

    @property
    def place(self) -> tuple[str, bytes]:
        """By what a site knows it again: provider and hash of the address."""
        return self.provider, self.address.hash


@dataclass(frozen=True)
class Rejected:
    """A row that is not imported, and why."""

    record: Record
    code: str
    reason: str


def reject(record: Record, error: SitebellError) -> Rejected:
    """Return a row together with what is wrong with it; in an array, whose lines may be long, with its number."""
    reason = error.message if record.entry is None else f"Entry {record.entry}: {error.message}"
    return Rejected(record, error.code, reason)
