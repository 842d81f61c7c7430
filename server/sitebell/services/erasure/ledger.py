"""The ledger of erasures: a file beside the database, by which a restored backup forgets those again (SEC-43).

It must survive what a restore replaces, so it is no table. Each line is a moment and the hash of a random id of ours,
or of a name by which tokens may call somebody, under a key of the installation. Nobody without that can tell more than
that somebody was erased then.
"""

import fcntl
import os
import re
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from sitebell.models import Enrollment, Profile, Subscription, SubscriptionStatus
from sitebell.services.erased_names import KEPT_FOR, ErasedNames, Moments, note_erased_names
from sitebell.services.erasure.browsers import portions
from sitebell.services.erasure.erasing import Erased, erase_profile, erase_subscriber
from sitebell.services.messages.names import HASH_BYTES, fingerprint, hashes_of_ids
from sitebell.services.profiles.locking import lock_profiles
from sitebell.services.vault import Vault

FILE = "erasures.log"
ROWS_AT_ONCE = 10_000
Row = TypeVar("Row", Profile, Subscription)
_NAME = re.compile(rb"(\d{4}-\d\d-\d\dT[\d:.]+\+00:00) [0-9a-f]{64}\n")
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT[\d:.]+\+00:00) ((?:[0-9a-f]{32}){1,2})$", re.MULTILINE)


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
        names = ErasedNames(vault).note(session, profile, now)
        erased = erase_profile(session, vault, profile, now)
        gone = select(Subscription.id).where(Subscription.id.in_(browsers))
        gone = gone.where(Subscription.status == SubscriptionStatus.ERASED)
        hashes |= {fingerprint(browsers[row_id]) for row_id in session.scalars(gone)}
        self._note({**dict.fromkeys(hashes, now), **names})
        return erased

    def erase_subscriber(self, session: Session, vault: Vault, subscription: Subscription, now: datetime) -> Erased:
        """Erase a locked browser as `erase_subscriber` does, and note it.

        Raises:
            OSError: the file cannot be written; roll back.
        """
        hashes = {fingerprint(subscription.subscriber_hash)}
        erased = erase_subscriber(session, vault, subscription, now)
        self._note(dict.fromkeys(hashes, now))
        return erased

    def moments(self) -> Moments:
        """Return whom it holds, by their ids, and by what tokens may call them, each with when they were erased.

        A line that a power cut left unfinished is passed over.
        """
        if not self.file.exists():
            return {}
        lines = sorted(_LINE.findall(self.file.read_text(errors="replace")))  # the last moment of each one counts
        return {bytes.fromhex(found): datetime.fromisoformat(moment) for moment, found in lines}

    def forget_names(self, now: datetime) -> None:
        """Take out by what tokens may call somebody, once all of those have expired.

        Raises:
            OSError: the file cannot be read, or not be written.
        """
        last = now - KEPT_FOR
        if not self.file.exists() or not any(_is_over(line, last) for line in self._lines()):
            return  # nothing to do, which nobody who erases has waited for
        with self._alone():
            new = self.file.with_name(f"{FILE}.new")
            self._write(new, (line for line in self._lines() if not _is_over(line, last)), os.O_TRUNC)
            new.replace(self.file)

    def _lines(self) -> Iterator[bytes]:
        with self.file.open("rb") as lines:
            yield from lines

    def _note(self, moments: Moments) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines = [f"{moments[one].astimezone(UTC).isoformat()} {one.hex()}\n".encode() for one in sorted(moments)]
        with self._alone():
            self._write(self.file, lines, os.O_APPEND)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let nobody else write meanwhile: they append, or put a shorter file into the place."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    @staticmethod
    def _write(path: Path, lines: Iterable[bytes], mode: int) -> None:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | mode, 0o600), "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())


def _is_over(line: bytes, last: datetime) -> bool:
    """Say whether a line is of a name, and from a moment or before."""
    name = _NAME.fullmatch(line)
    return name is not None and datetime.fromisoformat(name[1].decode()) <= last


def erase_again(session: Session, vault: Vault, ledger: Ledger, now: datetime) -> Erased:
    """Erase everybody whom the ledger holds and a restored database still knows; return how many went.

    What tokens may call them is noted again, also for those who came after the backup was made.
    """
    moments = ledger.moments()
    if not moments:
        return Erased(0, 0)
    names = [(mac, at) for mac, at in moments.items() if len(mac) > HASH_BYTES and at > now - KEPT_FOR]
    for some in portions(names):
        note_erased_names(session, dict(some))
    people = select(Profile.id, Profile.public_id)
    browsers = select(Subscription.id, Subscription.subscriber_hash)
    found, erased_names = [], ErasedNames(vault)
    for profile in _held(session, Profile, people, moments):
        erased_names.note(session, profile, moments[fingerprint(profile.public_id)])
        found.append(erase_profile(session, vault, profile, now))
    found += [erase_subscriber(session, vault, row, now) for row in _held(session, Subscription, browsers, moments)]
    return Erased(sum(erased.profiles for erased in found), sum(erased.subscriptions for erased in found))


def _held(session: Session, kind: type[Row], query: Select[int, str], hashes: Container[bytes]) -> Iterator[Row]:
    """Yield the rows whose id is among the hashes; one may go with another before its turn comes."""
    rows = session.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
    for row_id in [row[0] for row in rows if fingerprint(row[1]) in hashes]:
        row = session.get(kind, row_id)
        if row is not None:
            yield row
