"""Finds the profiles of many subscriptions at once, or makes them: as `services/matching.py` does for one."""

import secrets
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from sitebell.errors import SitebellError
from sitebell.models import Field, FieldValue, Profile, ProfilePhone, ProfileTag
from sitebell.services.fields.updates import find_field
from sitebell.services.fields.values import Cell, to_cell, to_cells, to_rows
from sitebell.services.importing.known import Found, KnownPeople
from sitebell.services.importing.rows import Person
from sitebell.services.messages.names import give_ids_away
from sitebell.services.tags import MAX_TAGS, check_tag

Ends = Mapping[str, datetime | None]
Cells = Sequence[tuple[Field, Sequence[Cell]]]


@dataclass
class People:
    """The profiles that the rows of one chunk name in one database.

    Attributes:
        left_out: fields that the site does not keep.
        lost_fields: how many values of fields nobody got, because they are left out, or the database has no such field.
        lost_tags: how many tags nobody got, because they are none here, or one too many for their profile.
    """

    session: Session
    database_id: int
    now: datetime
    left_out: Collection[str] = ()
    lost_fields: int = 0
    lost_tags: int = 0
    _known: KnownPeople = field(init=False)
    _new: list[tuple[Found, Person, Cells]] = field(default_factory=list)
    _tags: list[tuple[Found, Ends]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._known = KnownPeople(self.session, self.database_id)

    def load(self, people: Sequence[Person], *, locks: bool) -> None:
        """Look up everybody who is named; `locks` keeps others from finding or making the same people.

        Raises:
            SitebellError: `database_unavailable`, others change these people faster than they can be locked.
        """
        self._known.load(people, locks=locks)

    def fault(self, person: Person) -> SitebellError | None:
        """Return why nobody can be found by this, once loaded: there is no such field, or it takes no such value."""
        return self._known.fault(person)

    def resolve(self, person: Person) -> Found | None:
        """Return whom a row without a fault means; who is not known is to be made, but for a bare profile id."""
        found = self._known.find(person)
        if found is None:
            if person.match.profile_id is not None and not person.keeps_id:
                return None
            found = self._plan(person)
        self.lost_tags += person.lost_tags
        ends = {tag: end for tag, end in person.tags_until.items() if end > self.now}
        if ends or person.tags:
            self._tags.append((found, {**ends, **dict.fromkeys(person.tags)}))
        return found

    def examine(self) -> None:
        """Count what `store` could not write, and write nothing."""
        deque(self._new_tags(), maxlen=0)
        self._new.clear()
        self._tags.clear()

    def store(self) -> None:
        """Write those who are to be made, with what they were named by and what else is known, and the tags of all."""
        rows = [self._row(found, person) for found, person, _ in self._new]
        if rows:
            self.session.execute(insert(Profile), rows)
            give_ids_away(self.session, self.database_id, [row["external_id"] for row in rows if row["external_id"]])
            made = select(Profile.public_id, Profile.id).where(
                Profile.public_id.in_([row["public_id"] for row in rows])
            )
            ids: dict[str, int] = dict(self.session.execute(made).all())
            for found, *_ in self._new:
                found.id = ids[found.public_id]
        phones = [row for found, person, _ in self._new for row in self._phones(found, person)]
        written = [(found.id, *pair) for found, _, cells in self._new for pair in cells]
        values = [row for id_, this, cells in written if id_ is not None for row in to_rows(id_, this, cells)]
        for table, new in ((ProfilePhone, phones), (FieldValue, values), (ProfileTag, list(self._new_tags()))):
            if new:
                self.session.execute(insert(table), new)
        self._new.clear()
        self._tags.clear()

    def _plan(self, person: Person) -> Found:
        known, wanted = self._known, person.match.profile_id
        public_id = secrets.token_hex(12) if wanted is None else known.id_here(wanted)
        found = known.remember(Found(public_id, person.match.external_id))
        for pair in known.pairs(person):
            if pair[0] != "external_id":
                known.by_value.setdefault(pair, []).append(found)
        self._new.append((found, person, list(self._cells(person))))
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

    def _cells(self, person: Person) -> Iterator[tuple[Field, Sequence[Cell]]]:
        """Yield what is written into fields; what this database does not take is counted."""
        if person.match.custom is not None:
            this = find_field(self._known.fields, person.match.custom[0])
            yield this, [to_cell(this, person.match.custom[1])]
        for name, value in person.fields.items():
            if name in self.left_out:
                self.lost_fields += 1
                continue
            try:
                this = find_field(self._known.fields, name)
                yield this, to_cells(this, value)
            except SitebellError:
                self.lost_fields += 1

    def _new_tags(self) -> Iterator[dict[str, Any]]:
        """Yield the tags that are not there yet; those beyond the hundredth of a profile are counted."""
        query = select(ProfileTag.profile_id, ProfileTag.tag)
        by_id = {found.id: found.public_id for found, _ in self._tags if found.id is not None}
        present: dict[str, set[str]] = {}
        for profile_id, tag in self.session.execute(query.where(ProfileTag.profile_id.in_(by_id))) if by_id else ():
            present.setdefault(by_id[profile_id], set()).add(tag)
        for found, tags in self._tags:
            known = present.setdefault(found.public_id, set())
            for tag, end in tags.items():
                if tag in known:
                    continue
                if len(known) >= MAX_TAGS or not _can_be_a_tag(tag):
                    self.lost_tags += 1
                else:
                    known.add(tag)
                    own = {"profile_id": found.id, "database_id": self.database_id, "created_at": self.now}
                    yield {**own, "tag": tag, "expires_at": end}


def _can_be_a_tag(tag: str) -> bool:
    try:
        return bool(check_tag(tag))
    except SitebellError:
        return False
