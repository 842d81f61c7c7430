"""What a browser tells by itself, with its subscription and with a click: kept at the subscription and its profiles."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from sitebell.models import (
    PROVEN,
    Enrollment,
    Field,
    FieldValue,
    Profile,
    Site,
    Subscription,
    SubscriptionStatus,
)
from sitebell.services.fields.values import Cell, to_cells, to_rows
from sitebell.services.identity.strictness import is_signed
from sitebell.services.visitors.places import Place

MAX_PROFILES = 20  # of one browser, those bound last; more than these one person does not have

Told = Mapping[str, str | None]
Stored = Mapping[tuple[int, int], list[Cell]]  # by the ids of profile and field; all that browsers tell is text or time


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """What a request tells of who sends it; None is unknown."""

    address: str | None = None
    browser: str | None = None
    system: str | None = None
    place: Place | None = None
    locale: str | None = None
    time_zone: str | None = None


NOBODY = Visitor()


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One call of a subscribed browser.

    Attributes:
        named: fields that the call itself writes: its word counts more than what we see.
        is_introduced: the call said who the visitor is. Then everything is written, whatever was known: the work must
            not tell a known person from an unknown one (SEC-15).
    """

    visitor: Visitor
    now: datetime
    named: frozenset[str] = frozenset()
    is_introduced: bool = False


def note_visit(session: Session, site: Site, subscription: Subscription, visit: Visit) -> None:
    """Keep what a locked subscription's browser tells, at the subscription and at the profiles that it is present at.

    On a signed site not at somebody's whose browser it was merely claimed to be: nobody writes there unproved (SEC-22).
    The address is kept only on sites that store it. Nothing is written when nothing is new, and what cannot be seen
    this time stays as it was.
    """
    visitor = visit.visitor
    subscription.browser = visitor.browser or subscription.browser
    subscription.platform = visitor.system or subscription.platform
    if visitor.place is not None:
        subscription.country = visitor.place.country
    profiles = _present_profiles(session, site, subscription)
    if profiles:
        _Writer(session, visit, dict(_facts(site, visitor))).write(profiles)


def note_click(session: Session, site: Site, subscription_id: int, visitor: Visitor, at: datetime) -> None:
    """Keep when a locked browser's notification was last clicked and what it tells by the way, unless it was erased."""
    subscription = session.get_one(Subscription, subscription_id)
    if subscription.status == SubscriptionStatus.ERASED:
        return
    subscription.clicked_at = max(subscription.clicked_at or at, at)
    subscription.locale = visitor.locale or subscription.locale
    subscription.time_zone = visitor.time_zone or subscription.time_zone
    note_visit(session, site, subscription, Visit(visitor=visitor, now=at))


def _facts(site: Site, visitor: Visitor) -> Iterator[tuple[str, str | None]]:
    """Yield the fields that a visit writes; None clears one, since half an old place beside a new one is wrong."""
    seen = {"_browser": visitor.browser, "_os": visitor.system, "_tz": visitor.time_zone}
    seen["_language"] = visitor.locale.partition("-")[0].lower() if visitor.locale else None
    seen["_ip"] = visitor.address if site.stores_ip else None
    yield from ((name, value) for name, value in seen.items() if value is not None)
    place = visitor.place
    if place is not None:
        yield from (("_country", place.country), ("_region", place.region))
        yield from (("_city", place.city), ("_postal_code", place.postal_code))


def _registration(profile: Profile, facts: Told) -> Told:
    """Return what is kept of the visit at which a profile was made."""
    at_first = {"_regip": "_ip", "_regcountry": "_country", "_regcity": "_city"}
    return {"_regdate": profile.created_at.isoformat()} | {name: facts.get(seen) for name, seen in at_first.items()}


def _present_profiles(session: Session, site: Site, subscription: Subscription) -> list[Profile]:
    """Return and lock the profiles that a subscription may write to.

    One that somebody else writes at this moment is left to the next visit: this call may have locked a later one.
    """
    mine = select(Enrollment.profile_id).where(
        Enrollment.subscription_id == subscription.id, Enrollment.left_at.is_(None)
    )
    if is_signed(session, site.id):
        mine = mine.where(Enrollment.bound_by.in_(PROVEN) | Enrollment.is_anonymous)
    newest = mine.order_by(Enrollment.bound_at.desc(), Enrollment.id.desc()).limit(MAX_PROFILES)
    query = select(Profile).where(Profile.id.in_(newest)).order_by(Profile.database_id, Profile.id)
    return list(session.scalars(query.with_for_update(key_share=True, skip_locked=True)))


@dataclass(frozen=True)
class _Writer:
    """Writes the facts of one visit into profiles."""

    session: Session
    visit: Visit
    facts: Told

    def write(self, profiles: list[Profile]) -> None:
        """Write what is new, with the same statements whatever was known when somebody was introduced."""
        fields = self._fields(profiles)
        stored = self._stored(profiles, fields)
        for profile in profiles:
            mine = {field.id: field for field in fields if field.database_id == profile.database_id}
            wanted = dict(self._wanted(profile, mine, stored))
            is_news = any(cells != stored.get((profile.id, id_), []) for id_, cells in wanted.items())
            if is_news or self.visit.is_introduced:
                self._replace(profile, mine, wanted)

    def _replace(self, profile: Profile, fields: Mapping[int, Field], wanted: Mapping[int, list[Cell]]) -> None:
        present = (FieldValue.profile_id == profile.id) & FieldValue.field_id.in_(wanted)
        self.session.execute(delete(FieldValue).where(present))
        rows = [row for id_, cells in wanted.items() for row in to_rows(profile.id, fields[id_], cells)]
        if rows:  # texts and times in one statement
            self.session.execute(insert(FieldValue), rows, execution_options={"render_nulls": True})
        else:
            self.session.execute(select(FieldValue.position).where(present)).all()

    def _wanted(
        self, profile: Profile, fields: Mapping[int, Field], stored: Stored
    ) -> Iterator[tuple[int, list[Cell]]]:
        """Yield what a profile shall hold; how it was registered is written once, at the visit that made it."""
        is_registered = any(field.name == "_regdate" and (profile.id, id_) in stored for id_, field in fields.items())
        is_new = profile.created_at == self.visit.now and not is_registered
        told = {**(_registration(profile, self.facts) if is_new else {}), **self.facts}
        for id_, field in fields.items():
            if field.name in told:
                value = told[field.name]
                yield id_, [] if value is None else to_cells(field, value)

    def _fields(self, profiles: list[Profile]) -> Sequence[Field]:
        names = {*self.facts, *_registration(profiles[0], self.facts)} - self.visit.named
        query = select(Field).where(Field.database_id.in_({profile.database_id for profile in profiles}))
        return self.session.scalars(query.where(Field.name.in_(names), Field.is_standard).order_by(Field.id)).all()

    def _stored(self, profiles: list[Profile], fields: Sequence[Field]) -> Stored:
        query = select(FieldValue.profile_id, FieldValue.field_id, FieldValue.text, FieldValue.time).where(
            FieldValue.profile_id.in_([profile.id for profile in profiles]),
            FieldValue.field_id.in_([field.id for field in fields]),
        )
        return {(row.profile_id, row.field_id): [row.text or row.time] for row in self.session.execute(query)}
