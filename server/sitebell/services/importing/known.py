"""Looks up at once whom the rows of a chunk name in one database, by work that does not grow with the database."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from sitebell.errors import SitebellError
from sitebell.models import Field, FieldValue, Profile, ProfilePhone
from sitebell.services.fields.defining import fields_by_name
from sitebell.services.fields.updates import find_field
from sitebell.services.fields.values import Cell, column_of, to_cell
from sitebell.services.importing.rows import Person
from sitebell.services.locks import lock_profiles_by_id
from sitebell.services.matching import LOOKS, MOST_NAMESAKES, lock_identities, nameless

MOST_OWNERS = 2000  # read at once, of the values of a chunk; beyond that some value is common, and each is asked for
CHANGING = "Others are changing the people of this file faster than they can be locked: import again."
Pair = tuple[str, Cell]


@dataclass(eq=False)
class Found:
    """A profile of this database: stored, or to be (then without `id` until it is)."""

    public_id: str
    external_id: str | None
    id: int | None = None


@dataclass
class KnownPeople:
    """Who is known in a database, of those whom some rows name.

    Attributes:
        by_value: who has an e-mail address, a phone number or a field's value: the oldest, and the oldest without an
            external id.
        taken_ids: profile ids that another database of this installation has.
    """

    session: Session
    database_id: int
    fields: dict[str, Field] = field(default_factory=dict)
    by_id: dict[str, Found] = field(default_factory=dict)
    by_external_id: dict[str, Found] = field(default_factory=dict)
    by_value: dict[Pair, list[Found]] = field(default_factory=dict)
    taken_ids: set[str] = field(default_factory=set)

    def load(self, people: Sequence[Person], *, locks: bool) -> None:
        """Look up everybody who is named; `locks` keeps others from finding or making the same people.

        Raises:
            SitebellError: `database_unavailable`, others change these people faster than they can be locked.
        """
        self.fields = fields_by_name(self.session, self.database_id)
        named = {pair for person in people if self.fault(person) is None for pair in self.pairs(person)}
        if locks and named:
            lock_identities(self.session, self.database_id, [(kind, str(value)) for kind, value in named])
        for _ in range(LOOKS):
            self._look_up(people, named)
            if not locks or self._lock():
                return
        raise SitebellError("database_unavailable", CHANGING, 503)

    def fault(self, person: Person) -> SitebellError | None:
        """Return why nobody can be found by this, once loaded: there is no such field, or it takes no such value."""
        try:
            list(self.pairs(person))
        except SitebellError as error:
            return error
        return None

    def pairs(self, person: Person) -> Iterator[Pair]:
        """Yield by what a person may be found; raises as `to_cell` does."""
        match = person.match
        for kind in ("external_id", "email", "phone"):
            value = getattr(match, kind)
            if value is not None:
                yield kind, value
        if match.custom is not None:
            this = find_field(self.fields, match.custom[0])
            yield f"field {this.id}", to_cell(this, match.custom[1])

    def find(self, person: Person) -> Found | None:
        """Return whom a row without a fault means.

        A profile id says it alone. One that is to be kept is new where nobody has it, or somebody with the external id
        of the row, for of those there is but one: addresses and numbers are shared.
        """
        match = person.match
        if match.profile_id is not None:
            found = self.by_id.get(self.id_here(match.profile_id) if person.keeps_id else match.profile_id)
            if found is not None or not person.keeps_id:
                return found
        if match.external_id in self.by_external_id:
            return self.by_external_id[match.external_id]
        for pair in () if match.profile_id is not None else self.pairs(person):
            for found in self.by_value.get(pair, ()):
                if match.external_id is None or found.external_id is None:  # else it is somebody else
                    return found
        return None

    def id_here(self, wanted: str) -> str:
        """Return the id that somebody gets here: the one wanted, or one made of it where another database has that.

        It is always the same, so that further rows of this person find it.
        """
        if wanted not in self.taken_ids:
            return wanted
        return hashlib.sha256(f"{self.database_id}:{wanted}".encode()).hexdigest()[:24]

    def remember(self, found: Found) -> Found:
        """Let further rows find somebody by both ids."""
        found = self.by_id.setdefault(found.public_id, found)
        if found.external_id is not None:
            self.by_external_id.setdefault(found.external_id, found)
        return found

    def _look_up(self, people: Sequence[Person], named: set[Pair]) -> None:
        for known in (self.by_id, self.by_external_id, self.by_value, self.taken_ids):
            known.clear()
        ids = {person.match.profile_id for person in people if person.match.profile_id}
        self._load_ids(ids)
        self._load_ids({self.id_here(id_) for id_ in self.taken_ids})
        values: dict[str, list[Any]] = {}
        for kind, value in named:
            values.setdefault(kind, []).append(value)
        external_ids = values.pop("external_id", [])
        mine = (Profile.database_id == self.database_id, Profile.external_id.in_(external_ids))
        for row in self._rows(*mine) if external_ids else ():
            self.remember(Found(row.public_id, row.external_id, row.id))
        for kind, wanted in values.items():
            self._load_values(kind, wanted, are_named=bool(external_ids))

    def _rows(self, *which: Any) -> Iterable[Any]:
        return self.session.execute(
            select(Profile.id, Profile.public_id, Profile.external_id, Profile.database_id).where(*which)
        )

    def _load_ids(self, ids: set[str]) -> None:
        for row in self._rows(Profile.public_id.in_(ids)) if ids else ():
            if row.database_id == self.database_id:
                self.remember(Found(row.public_id, row.external_id, row.id))
            else:
                self.taken_ids.add(row.public_id)

    def _load_values(self, kind: str, values: Sequence[Any], *, are_named: bool) -> None:
        """Load who has one of these values: the oldest, and where rows have external ids the oldest without one.

        The latter among the hundred oldest: a value that more people have says of nobody who they are.
        """
        value, owner, query = self._owners(kind)
        rows = self.session.execute(query.where(value.in_(values)).limit(MOST_OWNERS + 1)).all()
        if len(rows) > MOST_OWNERS:
            oldest = [query.where(value == one).order_by(owner) for one in values]
            wanted = [one.limit(1) for one in oldest]
            wanted += [one.where(Profile.id == nameless(one)) for one in oldest if are_named]
            rows = [row for one in wanted for row in self.session.execute(one)]
        looked_at = Counter[Any]()
        for row in sorted(rows, key=lambda row: row.id):
            looked_at[row.value] += 1
            owners = self.by_value.setdefault((kind, row.value), [])
            is_nameless = row.external_id is None and looked_at[row.value] <= MOST_NAMESAKES
            if not owners or (is_nameless and all(one.external_id for one in owners)):
                owners.append(self.remember(Found(row.public_id, row.external_id, row.id)))

    def _owners(self, kind: str) -> tuple[Any, Any, Select[*tuple[Any, ...]]]:
        """Return the column of a kind of value, the one of its owner, and the query for both."""
        about = (Profile.id, Profile.public_id, Profile.external_id)
        if kind == "email":
            mine = Profile.database_id == self.database_id
            return Profile.email, Profile.id, select(Profile.email.label("value"), *about).where(mine)
        if kind == "phone":
            query = select(ProfilePhone.phone.label("value"), *about).join(
                Profile, Profile.id == ProfilePhone.profile_id
            )
            return (
                ProfilePhone.phone,
                ProfilePhone.profile_id,
                query.where(ProfilePhone.database_id == self.database_id),
            )
        this = next(one for one in self.fields.values() if kind == f"field {one.id}")
        column = getattr(FieldValue, column_of(this))
        query = select(column.label("value"), *about).join(Profile, Profile.id == FieldValue.profile_id)
        return column, FieldValue.profile_id, query.where(FieldValue.field_id == this.id)

    def _lock(self) -> bool:
        """Lock who was found, in one order for all; False when somebody was ended meanwhile."""
        ids = {found.id for found in self.by_id.values() if found.id is not None}
        return not ids or lock_profiles_by_id(self.session, ids) == ids
