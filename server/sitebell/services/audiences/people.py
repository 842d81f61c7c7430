"""What people and browsers are called in audiences: their names, those they had, and values that are theirs alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from sitebell.models import Field, FieldType, FieldValue, Profile, ProfilePhone, Subscription
from sitebell.services.audiences.naming import cell_that, fingerprint_of_value
from sitebell.services.fields.values import Cell, column_of
from sitebell.services.messages.names import fingerprint, fingerprints, former_names


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names of some profiles and browsers.

    Attributes:
        words: names as they are written; `emails` are found in any case.
        values: of custom fields, those that nobody else in the database has: `city` is no name, `card` is one.
        former: hashes of names that messages still say.
        profiles: whose they are.
    """

    words: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    values: tuple[tuple[Field, Cell], ...] = ()
    former: frozenset[bytes] = frozenset()
    profiles: tuple[Profile, ...] = ()

    @classmethod
    def of(cls, session: Session, profiles: Sequence[Profile], browsers: Iterable[Subscription]) -> "Names":
        """Return all names of stored profiles and browsers."""
        words = {row.subscriber_hash for row in browsers} | {profile.public_id for profile in profiles}
        words |= {profile.external_id for profile in profiles if profile.external_id}
        phones = select(ProfilePhone.phone).where(ProfilePhone.profile_id.in_([profile.id for profile in profiles]))
        return cls(
            words=frozenset({*words, *session.scalars(phones)}),
            emails=frozenset(profile.email for profile in profiles if profile.email),
            values=tuple(_values_of_nobody_else(session, [profile.id for profile in profiles])),
            former=former_names(session, profiles),
            profiles=tuple(profiles),
        )

    @property
    def hashes(self) -> set[bytes]:
        """By what the messages are found that say one of these names."""
        said = {fingerprint(word) for word in self.words | self.emails}
        return said | self.former | {fingerprint_of_value(field, cell) for field, cell in self.values}

    def mean(self, value: object) -> bool:
        """Say whether a value is one of these names."""
        if not isinstance(value, str):
            return False
        return value in self.words or value.lower() in self.emails or not self.former.isdisjoint(fingerprints(value))

    def mean_value(self, name: str, op: str, value: Any) -> bool:
        """Say whether the value that a comparison of a field speaks of is one of these names."""
        own = [(field, cell) for field, cell in self.values if field.name == name]
        return self.mean(value) or any(cell_that(field, op, value) == cell for field, cell in own)

    def without_others(self, session: Session, words: Iterable[str]) -> "Names":
        """Return these names without former ones, among the words, that somebody else has now: they are theirs."""
        doubtful = [word for word in words if not self.former.isdisjoint(fingerprints(word))]
        taken = {name_hash for word in self._had_by_others(session, doubtful) for name_hash in fingerprints(word)}
        return replace(self, former=self.former - taken)

    def _had_by_others(self, session: Session, words: Sequence[str]) -> set[str]:
        ids, databases = [one.id for one in self.profiles], {one.database_id for one in self.profiles}
        others = (Profile.id.not_in(ids), Profile.database_id.in_(databases))
        having = select(ProfilePhone.phone).join(Profile, Profile.id == ProfilePhone.profile_id)
        queries = [
            select(Profile.external_id).where(*others, Profile.external_id.in_(words)),
            select(Profile.email).where(*others, Profile.email.in_([word.lower() for word in words])),
            having.where(*others, ProfilePhone.database_id.in_(databases), ProfilePhone.phone.in_(words)),
        ]
        return {word for query in queries for word in session.scalars(query) if word} if words else set()


def _values_of_nobody_else(session: Session, ids: Sequence[int]) -> Iterator[tuple[Field, Cell]]:
    mine, other = select(FieldValue, Field).join(Field, Field.id == FieldValue.field_id), aliased(FieldValue)
    custom = mine.where(FieldValue.profile_id.in_(ids), Field.is_standard.is_(False), Field.type != FieldType.BOOLEAN)
    for row, field in session.execute(custom).all():
        column = column_of(field)
        cell = getattr(row, column)
        same = select(other.profile_id).where(other.field_id == field.id, getattr(other, column) == cell)
        if session.scalars(same.where(other.profile_id.not_in(ids)).limit(1)).first() is None:
            yield field, cell
