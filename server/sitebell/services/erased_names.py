"""What is left of the names of erased people: a keyed hash of each, so that no token from before brings them back."""

import hashlib
import hmac
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from sitebell.models import Enrollment, ErasedName, Profile, ProfilePhone
from sitebell.services.audiences.people import Names
from sitebell.services.identity.tokens import LEEWAY, LINK, VerifiedToken
from sitebell.services.matching import Match, find_profile, name_of_value, names_in
from sitebell.services.messages.names import former_names, mark_of_name
from sitebell.services.vault import Vault

PURPOSE = b"sitebell erased name"
KEPT_FOR = LINK.lifetime + LEEWAY  # no token lives longer


Moments = Mapping[bytes, datetime]


class ErasedNames:
    """The names of the erased in all databases. Without the master key they cannot be told from random bytes."""

    def __init__(self, vault: Vault) -> None:
        self._key = vault.derive_key(PURPOSE)

    def note(self, session: Session, profile: Profile, now: datetime) -> Moments:
        """Note by what tokens may call somebody who is about to be erased, and return what was noted.

        A token that was shown already may be from later, by a clock that is ahead.
        """
        last = select(func.max(Enrollment.token_issued_at)).where(Enrollment.profile_id == profile.id)
        until = max(now, session.scalar(last) or now)
        marks = {mark_of_name(*name) for name in _names_of(session, profile)} | former_names(session, [profile])
        moments = dict.fromkeys((self._mac(profile.database_id, mark) for mark in marks), until)
        note_erased_names(session, moments)
        return moments

    def cover(self, session: Session, database_ids: Collection[int], match: Match, token: VerifiedToken) -> bool:
        """Say whether somebody whom a token names was erased in one of these databases since it was issued.

        Its external id says so alone. Its other names count only while nobody has that id: a family may share them.
        """
        named = {
            self._mac(database_id, mark_of_name(kind, value)): (database_id, kind)
            for database_id in database_ids
            for kind, value in names_in(session, database_id, match)
        }
        query = select(ErasedName.name_mac).where(
            ErasedName.name_mac.in_(named), ErasedName.erased_at >= token.issued_at
        )
        found = [named[mac] for mac in session.scalars(query)]
        who = Match(external_id=match.external_id)
        return any(
            kind == "external_id" or find_profile(session, database_id, who) is None for database_id, kind in found
        )

    def _mac(self, database_id: int, mark: bytes) -> bytes:
        return hmac.digest(self._key, b"%d:%b" % (database_id, mark), hashlib.sha256)


def note_erased_names(session: Session, moments: Moments) -> None:
    """Note keyed hashes of names with when they were erased; of two moments the later one counts."""
    known = select(ErasedName.name_mac, ErasedName.erased_at).where(ErasedName.name_mac.in_(moments))
    stored = dict(session.execute(known).all())
    rows = [{"name_mac": mac, "erased_at": max(at, stored.get(mac, at))} for mac, at in moments.items()]
    session.execute(delete(ErasedName).where(ErasedName.name_mac.in_(moments)))
    if rows:
        session.execute(insert(ErasedName), rows)


def _names_of(session: Session, profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield the kinds and values by which a token finds a profile."""
    yield from ((kind, getattr(profile, kind)) for kind in ("external_id", "email") if getattr(profile, kind))
    phones = select(ProfilePhone.phone).where(ProfilePhone.profile_id == profile.id)
    yield from (("phone", phone) for phone in session.scalars(phones))
    yield from (name_of_value(*value) for value in Names.of(session, [profile], ()).values)


def prune_erased_names(session: Session, now: datetime) -> None:
    """Forget names once every token from before their erase has expired."""
    session.execute(delete(ErasedName).where(ErasedName.erased_at < now - KEPT_FOR))
