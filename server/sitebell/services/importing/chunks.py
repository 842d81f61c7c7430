"""Imports some rows at once: what is known, erased or contradictory is told apart, the rest is stored in bulk."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.db import serialise
from sitebell.errors import Invalid, NotFound, SitebellError
from sitebell.models import Enrollment, EnrollmentStatus, Profile, Site, Subscription, VapidKeyPair
from sitebell.push.vapid import VapidKey
from sitebell.services.addresses import NativeAddress
from sitebell.services.binding.enrolling import attach
from sitebell.services.databases import list_database_ids
from sitebell.services.fields.defining import KEPT_BY_THE_SERVER
from sitebell.services.importing.people import People
from sitebell.services.importing.report import Report
from sitebell.services.importing.rows import Person, Record, Rejected, SourceRow, reject
from sitebell.services.importing.storing import (
    Bound,
    find_topics,
    insert_enrollments,
    insert_subscriptions,
    insert_topics,
)
from sitebell.services.locks import PROFILE_GONE, lock_subscriptions
from sitebell.services.subscriptions.lifecycle import CONFLICT, Address
from sitebell.services.tombstones import Tombstones
from sitebell.services.vapid_keys import list_vapid_keys
from sitebell.services.vault import Vault

IMPORT_LOCK = 0x5173BE13_00000000  # and the site's id: one import of a site at a time
NO_KEY = (
    "The row does not say which VAPID key the subscription was made with: name it with --vapid-key, or bring it along"
    " with --vapid."
)
NO_DATABASE = "This site is linked to no database with this id, and to more than one other."
Item = tuple[Record, SourceRow]
Known = Mapping[tuple[str, bytes], Subscription]  # by provider and hash of the address


@dataclass
class Chunk:
    """Some rows of a file, at one site, in one transaction.

    Attributes:
        key: the public key that the rows were made with which do not say so themselves.
        brought: pairs that would be in the keyring by then, for `examine` alone.
    """

    session: Session
    vault: Vault
    site: Site
    key: str | None
    now: datetime
    report: Report
    brought: Sequence[VapidKey] = ()
    _pairs: Mapping[str, VapidKeyPair] = field(init=False)
    _people: Mapping[int, People] = field(init=False)
    _bound: dict[int, list[Bound]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = {key.public_text: VapidKeyPair(public_key=key.public_text) for key in self.brought}
        self._pairs = keys | {pair.public_key: pair for pair in list_vapid_keys(self.session, self.site)}
        linked = list_database_ids(self.session, self.site)
        left_out = () if self.site.stores_ip else KEPT_BY_THE_SERVER
        self._people = {id_: People(self.session, id_, self.now, left_out) for id_ in linked}

    def examine(self, items: Sequence[Item]) -> list[Rejected]:
        """Count what would become of the rows; write nothing. No address may come twice among them."""
        kept, known, rejected = self._plan(items, locks=False)
        for people in self._people.values():
            people.examine()
        return self._note(kept, known, rejected)

    def store(self, items: Sequence[Item]) -> list[Rejected]:
        """Import the rows and return those that cannot be. No address may come twice among them."""
        serialise(self.session, [IMPORT_LOCK + self.site.id])
        kept, known, rejected = self._plan(items, locks=True)
        for people in self._people.values():
            people.store()
        self._attach(kept, known)
        new = [row for _, row in kept if row.place not in known]
        if new:
            self._insert(new)
        return self._note(kept, known, rejected)

    def _plan(self, items: Sequence[Item], *, locks: bool) -> tuple[list[Item], Known, list[Rejected]]:
        """Return the rows that can be imported, new ones first, the browsers of theirs that are here, the rest."""
        new, known, rejected = self._sort(items, locks=locks)
        nameless = self._nameless(known)
        kept, more = self._resolve([*new, *(item for _, item in nameless)], locks=locks)
        return kept, {row.place: subscription for subscription, (_, row) in nameless}, [*rejected, *more]

    def _insert(self, rows: Sequence[SourceRow]) -> None:
        pairs = [self._pairs.get(self._public_key(row) or "") for row in rows]
        ids = insert_subscriptions(self.session, self.site, rows, pairs, self.now)
        insert_enrollments(self.session, ids, self._bound, self.now)
        insert_topics(self.session, ids, find_topics(self.session, self.site, rows)[0], self.now)

    def _note(self, kept: Sequence[Item], known: Known, rejected: list[Rejected]) -> list[Rejected]:
        new = [row for _, row in kept if row.place not in known]
        for row in new:
            self.report.note_added(row, self._public_key(row))
        self.report.named += len(kept) - len(new)
        self.report.lost_topics += find_topics(self.session, self.site, new)[1]
        self.report.lost_fields += sum(people.lost_fields for people in self._people.values())
        self.report.lost_tags += sum(people.lost_tags for people in self._people.values())
        for one in rejected:
            self.report.note_rejected(one)
        return rejected

    def _public_key(self, row: SourceRow) -> str | None:
        return row.vapid_public_key or self.key

    def _sort(
        self, items: Sequence[Item], *, locks: bool
    ) -> tuple[list[Item], list[tuple[Subscription, Item]], list[Rejected]]:
        """Return what is new, what is known, and what contradicts what is stored."""
        stored = self._stored([row for _, row in items], locks=locks)
        tombstones = Tombstones.of_site(self.vault, self.site)
        erased = tombstones.covered(self.session, [row.text for _, row in items])
        new, known, rejected = list[Item](), list[tuple[Subscription, Item]](), list[Rejected]()
        for record, row in items:
            subscription = stored.get(row.place)
            try:
                if subscription is not None:
                    _check_keys(subscription, row)
                    known.append((subscription, (record, row)))
                    self.report.known += 1
                elif row.text in erased:
                    self.report.erased += 1
                else:
                    self._check_vapid(row)
                    new.append((record, row))
            except SitebellError as error:
                rejected.append(reject(record, error))
        return new, known, rejected

    def _stored(self, rows: Sequence[SourceRow], *, locks: bool) -> dict[tuple[str, bytes], Subscription]:
        mine = (  # not pairs of both: SQLite finds those by no index
            Subscription.site_id == self.site.id,
            Subscription.provider.in_({row.provider for row in rows}),
            Subscription.address_hash.in_([row.address.hash for row in rows]),
        )
        if locks:
            lock_subscriptions(self.session, *mine)
        return {
            (row.provider, row.address_hash): row for row in self.session.scalars(select(Subscription).where(*mine))
        }

    def _check_vapid(self, row: SourceRow) -> None:
        if isinstance(row.address, NativeAddress):
            return
        key = self._public_key(row)
        if key is None:
            raise Invalid("missing_vapid_key", NO_KEY)
        if key not in self._pairs:
            raise Invalid("unknown_vapid_key", f"The site does not have the VAPID key {key}: bring it along.")

    # Whose they are

    def _databases(self, person: Person) -> list[int]:
        """Return in which databases somebody is meant; raises Invalid `unknown_database`."""
        if person.database_id is None or person.database_id in self._people:
            return list(self._people) if person.database_id is None else [person.database_id]
        if len(self._people) == 1:  # another Sitebell counts its databases by itself
            return list(self._people)
        raise Invalid("unknown_database", NO_DATABASE)

    def _resolve(self, items: Sequence[Item], *, locks: bool) -> tuple[list[Item], list[Rejected]]:
        """Find or plan everybody whom the rows name; return the rows for which that works."""
        for id_, people in self._people.items():
            people.load([person for _, row in items for person in row.people], locks=locks)
            self._bound[id_] = []
        kept, rejected = list[Item](), list[Rejected]()
        for record, row in items:
            try:
                self._bind(len(kept), row)
            except SitebellError as error:
                rejected.append(reject(record, error))
            else:
                kept.append((record, row))
        return kept, rejected

    def _bind(self, place: int, row: SourceRow) -> None:
        wanted = [(id_, person) for person in row.people for id_ in self._databases(person)]
        fault = next(filter(None, (self._people[id_].fault(person) for id_, person in wanted)), None)
        if fault is not None:
            raise fault
        found = [(id_, self._people[id_].resolve(person), person) for id_, person in wanted]
        if not any(profile for _, profile, _ in found):
            raise NotFound("profile_not_found", PROFILE_GONE)
        seen: set[int] = set()
        for id_, profile, person in found:
            if profile is not None and id(profile) not in seen:
                seen.add(id(profile))
                self._bound[id_].append((place, profile, person))

    def _nameless(self, known: Sequence[tuple[Subscription, Item]]) -> list[tuple[Subscription, Item]]:
        """Return the browsers that are here and nobody's so far, with whom their rows name as reached there."""
        ids = [subscription.id for subscription, _ in known]
        query = select(Enrollment.subscription_id).where(
            Enrollment.subscription_id.in_(ids), Enrollment.left_at.is_(None), Enrollment.is_anonymous.is_(False)
        )
        taken = set(self.session.scalars(query)) if ids else set()
        found = []
        for subscription, (record, row) in known:
            if subscription.id in taken:
                continue
            named = [person for person in row.people if not person.match.is_empty and not person.is_anonymous]
            told = [person for person in named if person.status == EnrollmentStatus.SUBSCRIBED]
            self.report.lost_people += len(named) - len(told)
            if told:
                found.append((subscription, (record, replace(row, people=told))))
        return found

    def _attach(self, kept: Sequence[Item], known: Known) -> None:
        """Bind browsers that are here already to the profiles that their rows name."""
        for bound in self._bound.values():
            told = [entry for entry in bound if kept[entry[0]][1].place in known]
            bound[:] = [entry for entry in bound if kept[entry[0]][1].place not in known]
            left = set[int]()
            for place, found, person in told:
                profile = self.session.get_one(Profile, found.id)
                is_first = place not in left
                subscription = known[kept[place][1].place]
                attach(self.session, subscription, profile, self.now, exclusive=is_first, bound_by=person.bound_by)
                left.add(place)


def _check_keys(subscription: Subscription, row: SourceRow) -> None:
    """Refuse an address that is known with other keys: its browser has renewed them, so the file is older."""
    if isinstance(row.address, Address):
        stored = (subscription.p256dh or b"") + (subscription.auth or b"")
        if not hmac.compare_digest(stored, row.address.keys.p256dh + row.address.keys.auth):
            raise Invalid("subscription_conflict", CONFLICT)
