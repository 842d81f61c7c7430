"""Finds the profiles of many subscriptions at once, or makes them: as `services/matching.py` does for one."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from sitebell.errors import SitebellError
from sitebell.models import Field, FieldValue, Profile, ProfilePhone, ProfileTag
from sitebell.services.fields.defining import fields_by_name
from sitebell.services.fields.updates import find_field
from sitebell.services.fields.values import Cell, column_of, to_cell, to_rows
from sitebell.services.importing.rows import Person
from sitebell.services.matching import lock_identities
from sitebell.services.tags import MAX_TAGS, check_tag

QUIET = {"synchronize_session": False}


@dataclass(eq=False)
class Found:
    """A profile of this database: stored, or to be (then without `id` until `People.store`)."""

    public_id: str
    external_id: str | None
    id: int | None = None


@dataclass
class People:
    """The profiles that the rows of one chunk name in one database."""

    session: Session
    database_id: int
    now: datetime
    _by_id: dict[str, Found] = field(default_factory=dict)
    _by_external_id: dict[str, Found] = field(default_factory=dict)
    _by_value: dict[tuple[str, Cell], list[Found]] = field(default_factory=dict)
    _taken_ids: set[str] = field(default_factory=set)
    _new: list[tuple[Found, Person]] = field(default_factory=list)
    _tags: list[tuple[Found, Sequence[str]]] = field(default_factory=list)
    _fields: dict[str, Field] = field(default_factory=dict)

    def load(self, people: Sequence[Person], *, locks: bool) -> None:
        """Look up everybody who is named; `locks` keeps others from finding or making the same people."""
        self._fields = fields_by_name(self.session, self.database_id)
        named = {pair for person in people if self.fault(person) is None for pair in self._pairs(person)}
        ids = {person.match.profile_id for person in people if person.match.profile_id}
        if locks and named:
            lock_identities(self.session, self.database_id, [(kind, str(value)) for kind, value in named])
        self._load_profiles(ids, {str(value) for kind, value in named if kind == "external_id"})
        self._load_values("email", Profile.email, Profile.id, named, Profile.database_id == self.database_id)
        of_phone = ProfilePhone.database_id == self.database_id
        self._load_values("phone", ProfilePhone.phone, ProfilePhone.profile_id, named, of_phone)
        for name in {kind.partition(" ")[2] for kind, _ in named if kind.startswith("field ")}:
            this = next(found for found in self._fields.values() if str(found.id) == name)
            column = getattr(FieldValue, column_of(this))
            self._load_values(f"field {name}", column, FieldValue.profile_id, named, FieldValue.field_id == this.id)
        if locks:
            self._lock()

    def fault(self, person: Person) -> SitebellError | None:
        """Return why nobody can be found by this, once loaded: there is no such field, or it takes no such value."""
        try:
            list(self._pairs(person))
        except SitebellError as error:
            return error
        return None

    def resolve(self, person: Person) -> Found | None:
        """Return whom a row without a fault means; who is not known is to be made, but for a bare profile id."""
        found = self._find(person)
        if found is None:
            if person.match.profile_id is not None and not person.keeps_id:
                return None
            found = self._plan(person)
        if person.tags:
            self._tags.append((found, person.tags))
        return found

    def store(self) -> None:
        """Write those who are to be made, with what they were named by, and the tags of all."""
        rows = [self._row(found, person) for found, person in self._new]
        if rows:
            self.session.execute(insert(Profile), rows)
            made = select(Profile.public_id, Profile.id).where(
                Profile.public_id.in_([row["public_id"] for row in rows])
            )
            ids: dict[str, int] = dict(self.session.execute(made).all())
            for found, _ in self._new:
                found.id = ids[found.public_id]
        phones = [row for found, person in self._new for row in self._phones(found, person)]
        values = [row for found, person in self._new for row in self._values(found, person)]
        for table, new in ((ProfilePhone, phones), (FieldValue, values), (ProfileTag, list(self._new_tags()))):
            if new:
                self.session.execute(insert(table), new)
        self._new.clear()
        self._tags.clear()

    def _pairs(self, person: Person) -> Iterator[tuple[str, Cell]]:
        """Yield by what a person may be found; raises as `to_cell` does."""
        match = person.match
        for kind in ("external_id", "email", "phone"):
            value = getattr(match, kind)
            if value is not None:
                yield kind, value
        if match.custom is not None:
            this = find_field(self._fields, match.custom[0])
            yield f"field {this.id}", to_cell(this, match.custom[1])

    def _load_profiles(self, ids: set[str], external_ids: set[str]) -> None:
        columns = select(Profile.id, Profile.public_id, Profile.external_id, Profile.database_id)
        for row in self.session.execute(columns.where(Profile.public_id.in_(ids))) if ids else ():
            if row.database_id == self.database_id:
                self._remember(Found(row.public_id, row.external_id, row.id))
            else:
                self._taken_ids.add(row.public_id)
        if external_ids:
            mine = columns.where(Profile.database_id == self.database_id, Profile.external_id.in_(external_ids))
            for row in self.session.execute(mine):
                self._remember(Found(row.public_id, row.external_id, row.id))

    def _load_values(self, kind: str, column: Any, owner: Any, named: set[tuple[str, Cell]], where: Any) -> None:
        """Load who has one of these values, the oldest first."""
        values = [value for other, value in named if other == kind]
        if not values:
            return
        query = select(column, Profile.id, Profile.public_id, Profile.external_id).where(where, column.in_(values))
        if owner is not Profile.id:
            query = query.join(Profile, Profile.id == owner)
        for value, *about in self.session.execute(query.order_by(Profile.id)):
            known = self._remember(Found(about[1], about[2], about[0]))
            self._by_value.setdefault((kind, value), []).append(known)

    def _remember(self, found: Found) -> Found:
        found = self._by_id.setdefault(found.public_id, found)
        if found.external_id is not None:
            self._by_external_id.setdefault(found.external_id, found)
        return found

    def _lock(self) -> None:
        """Lock who was found, in one order for all, and forget those who were ended meanwhile."""
        ids = [found.id for found in self._by_id.values()]
        query = select(Profile.id).where(Profile.id.in_(ids)).order_by(Profile.id).with_for_update()
        alive = set(self.session.scalars(query)) if ids else set()
        gone = [found for found in self._by_id.values() if found.id not in alive]
        for found in gone:
            del self._by_id[found.public_id]
            if found.external_id is not None:
                self._by_external_id.pop(found.external_id, None)
            for owners in self._by_value.values():
                if found in owners:
                    owners.remove(found)

    def _find(self, person: Person) -> Found | None:
        match = person.match
        if match.profile_id in self._by_id:
            return self._by_id[match.profile_id]
        if match.profile_id is not None and not person.keeps_id:
            return None
        if match.external_id in self._by_external_id:
            return self._by_external_id[match.external_id]
        for pair in self._pairs(person):
            for found in self._by_value.get(pair, ()):
                if match.external_id is None or found.external_id is None:  # else it is somebody else
                    return found
        return None

    def _plan(self, person: Person) -> Found:
        wanted = person.match.profile_id
        is_free = wanted is not None and wanted not in self._taken_ids
        public_id = wanted if wanted is not None and is_free else secrets.token_hex(12)
        found = self._remember(Found(public_id, person.match.external_id))
        if wanted is not None:
            self._by_id[wanted] = found
        for pair in self._pairs(person):
            if pair[0] != "external_id":
                self._by_value.setdefault(pair, []).append(found)
        self._new.append((found, person))
        return found

    def _row(self, found: Found, person: Person) -> dict[str, Any]:
        moments = {"created_at": self.now, "updated_at": self.now}
        about = {"external_id": person.match.external_id, "email": person.match.email}
        return {"public_id": found.public_id, "database_id": self.database_id, **about, **moments}

    def _phones(self, found: Found, person: Person) -> Iterator[dict[str, Any]]:
        own_number = [person.match.phone] if person.match.phone is not None else []
        numbers = dict.fromkeys([*person.phones] or own_number)
        own = {"profile_id": found.id, "database_id": self.database_id}
        yield from ({**own, "phone": number, "position": place} for place, number in enumerate(numbers))

    def _values(self, found: Found, person: Person) -> list[dict[str, Any]]:
        if person.match.custom is None or found.id is None:
            return []
        this = find_field(self._fields, person.match.custom[0])
        return to_rows(found.id, this, [to_cell(this, person.match.custom[1])])

    def _new_tags(self) -> Iterator[dict[str, Any]]:
        """Yield the tags that are not there yet; beyond the hundredth of a profile they are left out."""
        query = select(ProfileTag.profile_id, ProfileTag.tag)
        ids = {found.id for found, _ in self._tags}
        present: dict[int | None, set[str]] = {}
        for profile_id, tag in self.session.execute(query.where(ProfileTag.profile_id.in_(ids))) if ids else ():
            present.setdefault(profile_id, set()).add(tag)
        for found, tags in self._tags:
            known = present.setdefault(found.id, set())
            for tag in tags:
                if tag not in known and len(known) < MAX_TAGS and _can_be_a_tag(tag):
                    known.add(tag)
                    own = {"profile_id": found.id, "database_id": self.database_id, "created_at": self.now}
                    yield {**own, "tag": tag, "expires_at": None}


def _can_be_a_tag(tag: str) -> bool:
    try:
        return bool(check_tag(tag))
    except SitebellError:
        return False
