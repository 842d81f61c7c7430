"""What is left of the names of erased people: a keyed hash of each, so that no token from before brings them back."""

import hashlib
import hmac
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.orm import Session

from sitebell.db import UtcDateTime
from sitebell.errors import Invalid
from sitebell.models import Enrollment, ErasedName, Profile, ProfilePhone
from sitebell.services.audiences.people import Names
from sitebell.services.identity.tokens import LEEWAY, LINK, VerifiedToken
from sitebell.services.matching import Match, find_profile, name_of_value, names_in
from sitebell.services.messages.names import lost_ids, mark_of_name
from sitebell.services.vault import Vault

PURPOSE = b"sitebell erased name"
KEPT_FOR = LINK.lifetime + LEEWAY  # no token lives longer
_UPSERT = text(
    "INSERT INTO erased_name (name_mac, erased_at) VALUES (:name_mac, :erased_at) ON CONFLICT (name_mac) "
    "DO UPDATE SET erased_at = excluded.erased_at WHERE excluded.erased_at > erased_name.erased_at"
).bindparams(bindparam("erased_at", type_=UtcDateTime))

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
        marks = {mark_of_name(*name) for name in _names_of(session, profile)} | lost_ids(session, profile)
        moments = dict.fromkeys((self._mac(profile.database_id, mark) for mark in marks), until)
        note_erased_names(session, moments)
        return moments

    def cover(self, session: Session, database_ids: Collection[int], match: Match, token: VerifiedToken) -> bool:
        """Say whether somebody whom a token names was erased in one of these databases since it was issued.

        Its external id says so alone. Its other names count only while the token finds nobody: a family may share them.
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
        return any(
            kind == "external_id" or not _finds_somebody(session, database_id, match) for database_id, kind in found
        )

    def _mac(self, database_id: int, mark: bytes) -> bytes:
        return hmac.digest(self._key, b"%d:%b" % (database_id, mark), hashlib.sha256)


def note_erased_names(session: Session, moments: Moments) -> None:
    """Note keyed hashes of names with when they were erased; of two moments the later one counts."""
    rows = [{"name_mac": mac, "erased_at": moments[mac]} for mac in sorted(moments)]  # in everybody's order
    if rows:
        session.execute(_UPSERT, rows)


def _finds_somebody(session: Session, database_id: int, match: Match) -> bool:
    with suppress(Invalid):  # a field that the database does not have finds nobody
        return find_profile(session, database_id, match) is not None
    return False


def _names_of(session: Session, profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield the kinds and values by which a token finds a profile."""
    yield from ((kind, getattr(profile, kind)) for kind in ("external_id", "email") if getattr(profile, kind))
    phones = select(ProfilePhone.phone).where(ProfilePhone.profile_id == profile.id)
    yield from (("phone", phone) for phone in session.scalars(phones))
    yield from (name_of_value(*value) for value in Names.of(session, [profile], ()).values)


def prune_erased_names(session: Session, now: datetime) -> None:
    """Forget names once every token from before their erase has expired."""
    session.execute(delete(ErasedName).where(ErasedName.erased_at < now - KEPT_FOR))
