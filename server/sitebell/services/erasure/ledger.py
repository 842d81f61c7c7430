"""The ledger of erasures: a file beside the database, by which a restored backup forgets those again (SEC-43).

It must survive what a restore replaces, so it is no table. Each line is a moment and the hash of a random id of ours,
from which nobody can tell more than that somebody was erased then.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from sitebell.models import Enrollment, Profile, Subscription, SubscriptionStatus
from sitebell.services.erasure.erasing import Erased, erase_profile, erase_subscriber
from sitebell.services.message_names import fingerprint, hashes_of_ids
from sitebell.services.profiles.locking import lock_profiles
from sitebell.services.vault import Vault

FILE = "erasures.log"
ROWS_AT_ONCE = 10_000
Row = TypeVar("Row", Profile, Subscription)
_LINE = re.compile(r"^\S+ ([0-9a-f]{32})$", re.MULTILINE)


@dataclass(frozen=True)
class Ledger:
    """The ledger in the folder of an installation's data. It erases, and notes whom before the erase is committed."""

    folder: Path

    @property
    def file(self) -> Path:
        """Where it is; there is none before the first erase."""
        return self.folder / FILE

    def erase_profile(self, session: Session, vault: Vault, profile: Profile, now: datetime) -> Erased:
        """Erase a person as `erase_profile` does, and note the profile, those merged into it, and the browsers.

        Raises:
            NotFound: `profile_not_found`, somebody else has ended the profile meanwhile.
            OSError: the file cannot be written; roll back.
        """
        lock_profiles(session, profile)
        hashes = hashes_of_ids(session, profile)
        mine = select(Subscription.id, Subscription.subscriber_hash).join(Enrollment)
        browsers = {row[0]: row[1] for row in session.execute(mine.where(Enrollment.profile_id == profile.id))}
        erased = erase_profile(session, vault, profile, now)
        gone = select(Subscription.id).where(Subscription.id.in_(browsers))
        gone = gone.where(Subscription.status == SubscriptionStatus.ERASED)
        self._note(hashes | {fingerprint(browsers[row_id]) for row_id in session.scalars(gone)}, now)
        return erased

    def erase_subscriber(self, session: Session, vault: Vault, subscription: Subscription, now: datetime) -> Erased:
        """Erase a locked browser as `erase_subscriber` does, and note it.

        Raises:
            OSError: the file cannot be written; roll back.
        """
        hashes = {fingerprint(subscription.subscriber_hash)}
        erased = erase_subscriber(session, vault, subscription, now)
        self._note(hashes, now)
        return erased

    def hashes(self) -> set[bytes]:
        """Return whom it holds; a line that a power cut left unfinished is passed over."""
        if not self.file.exists():
            return set()
        return {bytes.fromhex(found) for found in _LINE.findall(self.file.read_text(errors="replace"))}

    def _note(self, hashes: Iterable[bytes], now: datetime) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = "".join(f"{now.isoformat()} {name_hash.hex()}\n" for name_hash in sorted(hashes))
        descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:  # one write: others append at the same time
            file.write(lines.encode())
            os.fsync(file.fileno())


def erase_again(session: Session, vault: Vault, ledger: Ledger, now: datetime) -> Erased:
    """Erase everybody whom the ledger holds and a restored database still knows; return how many went."""
    hashes = ledger.hashes()
    if not hashes:
        return Erased(0, 0)
    people = select(Profile.id, Profile.public_id)
    browsers = select(Subscription.id, Subscription.subscriber_hash)
    found = [erase_profile(session, vault, profile, now) for profile in _held(session, Profile, people, hashes)]
    found += [erase_subscriber(session, vault, row, now) for row in _held(session, Subscription, browsers, hashes)]
    return Erased(sum(erased.profiles for erased in found), sum(erased.subscriptions for erased in found))


def _held(session: Session, kind: type[Row], query: Select[int, str], hashes: set[bytes]) -> Iterator[Row]:
    """Yield the rows whose id is among the hashes; one may go with another before its turn comes."""
    rows = session.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
    for row_id in [row[0] for row in rows if fingerprint(row[1]) in hashes]:
        row = session.get(kind, row_id)
        if row is not None:
            yield row
