"""What an import did, or would do: counts, and the first of what was refused."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sitebell.models import EnrollmentStatus, SubscriptionStatus
from sitebell.services.addresses import NativeAddress
from sitebell.services.importing.rows import Rejected, SourceRow

EXAMPLES = 20
MOST_HOSTS = 100  # that are counted one by one: names below a push service may be any
OTHER_HOSTS = "others"
FIRST_MESSAGES = {
    "": "Our worker: the message as you write it.",
    "onesignal": "OneSignal's worker: title, text, icon, image, buttons and the URL of a click, as it reads them.",
    "perfecty": "Perfecty's worker: title, text, icon, image and the URL of a click, as it reads them; no buttons.",
    "altcraft": "Altcraft's worker in Firebase mode: title, text, icon, image and buttons that open their URLs. Without"
    " Firebase it fetches the text from Altcraft's server, and the browser shows a notice of its own, or nothing: take"
    " those over at their visit before you send.",
    "pushengage": "PushEngage's worker fetches the text from PushEngage's server and shows its fallback notification"
    " when that fails. Take browsers over at their visit before you send.",
    "cleverpush": "CleverPush's worker: what it reads is not public, so expect its fallback or nothing. Take browsers"
    " over at their visit before you send.",
}
NO_RECEIPTS = (
    "Another vendor's worker sends no receipts: shown, clicked and closed stay 0 until takeover. Altcraft's in Firebase"
    " mode alone tells what was shown, to a site that speaks its dialect."
)


@dataclass
class Report:
    """Counts of rows; what they hold is bounded, however long the file is.

    Attributes:
        added: new at this site.
        known: here already: nothing was changed, but for a profile where the browser was nobody's.
        repeated: the same address stands further up in the file.
        ended: of the added ones, those whose visitor had opted out or paused, or whose address was gone.
        erased: erased here at their owner's wish, and not brought back.
        named: bound to a profile that the row names.
        lost_topics: choices of topics that this site does not offer.
        lost_fields: values for fields that the database does not have, or types otherwise.
        lost_tags: tags that cannot be one here, or are one too many for their profile.
        lost_people: profiles at which browsers that are here already would be paused or opted out: not bound to those.
        current_key: the key of the file that new subscriptions are made with from now on.
        reasons: how many rows were rejected, by code.
        examples: the first of them: line, code, reason.
        workers: whose worker file the browsers run that the next message reaches, "" for ours.
    """

    rows: int = 0
    added: int = 0
    known: int = 0
    repeated: int = 0
    ended: int = 0
    erased: int = 0
    named: int = 0
    lost_topics: int = 0
    lost_fields: int = 0
    lost_tags: int = 0
    lost_people: int = 0
    current_key: str | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[int, str, str]] = field(default_factory=list)
    repetitions: list[tuple[int, int]] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    workers: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """How many rows are not imported because of what they say."""
        return self.reasons.total()

    @property
    def is_in_vain(self) -> bool:
        """Rows were rejected, and no other one was good for anything."""
        return self.rejected > 0 and not self.added + self.known + self.repeated + self.erased

    def note_rejected(self, rejected: Rejected) -> None:
        """Count a row that is not imported."""
        self.reasons[rejected.code] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append((rejected.record.line, rejected.code, rejected.reason))

    def note_repeated(self, line: int, first: int) -> None:
        """Count a row whose address stands in an earlier line."""
        self.repeated += 1
        if len(self.repetitions) < EXAMPLES:
            self.repetitions.append((line, first))

    def note_added(self, row: SourceRow, public_key: str | None) -> None:
        """Count a new subscription under the key that will sign for it."""
        self.added += 1
        is_told = any(person.status == EnrollmentStatus.SUBSCRIBED for person in row.people)
        is_reached = is_told and row.status == SubscriptionStatus.SUBSCRIBED
        self.ended += not is_reached
        self.named += any(not person.is_anonymous for person in row.people)
        if isinstance(row.address, NativeAddress):
            self.hosts[row.provider] += 1
            return
        self.keys[public_key or ""] += 1
        host = row.address.endpoint.host
        self.hosts[host if host in self.hosts or len(self.hosts) < MOST_HOSTS else OTHER_HOSTS] += 1
        if is_reached:
            self.workers[row.worker or ""] += 1

    def first_messages(self) -> Iterator[str]:
        """Yield what browsers will show of the first message, worker by worker."""
        for worker, count in self.workers.most_common():
            yield f"{count} browsers: {FIRST_MESSAGES[worker]}"
        if any(self.workers[worker] for worker in self.workers if worker):
            yield NO_RECEIPTS

    def as_json(self) -> dict[str, Any]:
        """Return everything, as it is printed and kept in a checkpoint."""
        return vars(self) | {"rejected": self.rejected}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Report":
        """Return the report that `as_json` wrote."""
        known = {name: value for name, value in values.items() if name != "rejected"}
        for name in ("reasons", "keys", "hosts", "workers"):
            known[name] = Counter(known[name])
        for name in ("examples", "repetitions"):
            known[name] = [tuple(item) for item in known[name]]
        return cls(**known)
