"""The fields of `where`, each compiled to a condition over `Subscription` and an enrollment that is true or false.

A condition is never unknown (NULL), so that `not` is the exact opposite: who has no value fails every comparison, and
therefore passes `ne` and `not`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from sitebell.errors import Invalid
from sitebell.models import (
    Enrollment,
    Event,
    EventType,
    Field,
    FieldType,
    FieldValue,
    Profile,
    ProfilePhone,
    ProfileTag,
    Subscription,
    SubscriptionTopic,
)
from sitebell.services.audiences.comparing import check_operation, compare, read_cells
from sitebell.services.audiences.lookups import finds_a_row
from sitebell.services.audiences.trees import Leaf
from sitebell.services.fields.contact import normalise_email, normalise_phone
from sitebell.services.fields.values import Cell, column_of
from sitebell.services.tags import check_tag, is_on

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Vocabulary:
    """What the names of a tree mean for one site: its databases' fields, its topics; `now` is for relative moments.

    Whose the fields of profiles are says `enrollment`.
    """

    fields: Mapping[str, Sequence[Field]]
    topics: Mapping[str, int]
    now: datetime
    enrollment: type[Enrollment] = Enrollment


def condition_of_leaf(leaf: Leaf, known: Vocabulary) -> Condition:
    """Return the condition of a comparison that says what is to be there: `ne` and `exists` false are made of these.

    Raises:
        Invalid: `unknown_field`, `unknown_topic`, `invalid_value`, `invalid_where` and what e-mails and phones raise.
    """
    namespace, point, name = leaf.field.partition(".")
    if point and namespace == "subscription" and name in _FACTS:
        return _FACTS[name](leaf, known)
    kind, named, action = name.partition(".")
    if point and namespace == "event" and kind in (_WITH_ACTION if named else list(EventType)):
        return _event(leaf, known, kind, action)
    if leaf.field in _SPECIAL:
        return _SPECIAL[leaf.field](leaf, known)
    return _profile_field(leaf, known)


def _profile_field(leaf: Leaf, known: Vocabulary) -> Condition:
    """Compare in each linked database that has the field with a type that fits; the others have no such value."""
    found, complaint = known.fields.get(leaf.field, ()), None
    ids: dict[tuple[str, tuple[Cell, ...]], list[int]] = {}
    for field in found:
        try:
            cells = tuple(read_cells(leaf, field, known.now))
        except Invalid as error:
            complaint = error
        else:
            ids.setdefault((column_of(field), cells), []).append(field.id)
    if not ids:
        raise complaint or Invalid(
            "unknown_field", f"No database of the site has a field {leaf.field}.", {"field": leaf.field}
        )
    return or_(*(_has_value(leaf, fields, column, cells, known) for (column, cells), fields in ids.items()))


def _has_value(
    leaf: Leaf, field_ids: Sequence[int], column: str, cells: Sequence[Cell], known: Vocabulary
) -> Condition:
    value = compare(getattr(FieldValue, column), leaf.op, cells)
    of_profile = select(FieldValue.field_id).where(FieldValue.profile_id == known.enrollment.profile_id)
    return finds_a_row(of_profile.where(FieldValue.field_id.in_(field_ids), value), known.enrollment)


def _of_profile(column: InstrumentedAttribute[str | None]) -> Callable[[Leaf, Vocabulary], Condition]:
    """Return the compiler for a text of the profile itself, sorted by no rule and therefore without an order."""

    def compile_leaf(leaf: Leaf, known: Vocabulary) -> Condition:
        check_operation(leaf, {"eq", "ne", "in", "exists", "begins_with"})
        cells = read_cells(leaf, Field(name=leaf.field, type=FieldType.TEXT), known.now)
        if leaf.field == "email":
            cells = [str(cell).lower() if leaf.op == "begins_with" else normalise_email(str(cell)) for cell in cells]
        mine = select(Profile.id).where(Profile.id == known.enrollment.profile_id, compare(column, leaf.op, cells))
        return finds_a_row(mine, known.enrollment)

    return compile_leaf


def _phones(leaf: Leaf, known: Vocabulary) -> Condition:
    mine = select(ProfilePhone.phone).where(ProfilePhone.profile_id == known.enrollment.profile_id)
    for value in read_cells(leaf, Field(name=leaf.field, type=FieldType.LIST), known.now):
        mine = mine.where(ProfilePhone.phone == normalise_phone(str(value)))
    return finds_a_row(mine, known.enrollment)


def _tags(leaf: Leaf, known: Vocabulary) -> Condition:
    mine = select(ProfileTag.tag).where(ProfileTag.profile_id == known.enrollment.profile_id, is_on(known.now))
    for value in read_cells(leaf, Field(name=leaf.field, type=FieldType.LIST), known.now):
        mine = mine.where(ProfileTag.tag == check_tag(str(value)))
    return finds_a_row(mine, known.enrollment)


def _topics(leaf: Leaf, known: Vocabulary) -> Condition:
    mine = select(SubscriptionTopic.topic_id).where(SubscriptionTopic.subscription_id == Subscription.id)
    for value in read_cells(leaf, Field(name=leaf.field, type=FieldType.LIST), known.now):
        if value not in known.topics:
            raise Invalid("unknown_topic", "Name topics that the site has defined.", {"topics": [value]})
        mine = mine.where(SubscriptionTopic.topic_id == known.topics[str(value)])
    return finds_a_row(mine, Subscription)


def _event(leaf: Leaf, known: Vocabulary, kind: str, action: str) -> Condition:
    """Ask whether such an event happened at all, or before or after a moment; not since then is its `not`."""
    check_operation(leaf, {"exists", "before", "after"})
    mine = select(Event.id).where(Event.subscription_id == Subscription.id, Event.type == kind)
    if action:
        mine = mine.where(Event.action == action)
    for cell in read_cells(leaf, Field(name=leaf.field, type=FieldType.DATETIME), known.now):
        mine = mine.where(compare(Event.at, leaf.op, [cell]))
    return finds_a_row(mine, Subscription)


def _moment(column: InstrumentedAttribute[Any]) -> Callable[[Leaf, Vocabulary], Condition]:
    def compile_leaf(leaf: Leaf, known: Vocabulary) -> Condition:
        check_operation(leaf, {"exists", "before", "after", "gt", "gte", "lt", "lte"})
        cells = read_cells(leaf, Field(name=leaf.field, type=FieldType.DATETIME), known.now)
        return and_(column.is_not(None), compare(column, leaf.op, cells))

    return compile_leaf


def _name(column: InstrumentedAttribute[str | None]) -> Callable[[Leaf, Vocabulary], Condition]:
    """Return the compiler for a name that is compared without regard to case."""

    def compile_leaf(leaf: Leaf, known: Vocabulary) -> Condition:
        check_operation(leaf, {"eq", "ne", "in", "exists", "begins_with"})
        cells = read_cells(leaf, Field(name=leaf.field, type=FieldType.TEXT), known.now)
        lower = [str(cell).lower() for cell in cells]
        return and_(column.is_not(None), compare(func.lower(column), leaf.op, lower))

    return compile_leaf


def _language(leaf: Leaf, known: Vocabulary) -> Condition:
    """Match a language range: `de` is also `de-AT` (RFC 4647, basic filtering)."""
    check_operation(leaf, {"eq", "ne", "in", "exists"})
    lower = func.lower(Subscription.locale)
    matches = []
    for cell in read_cells(leaf, Field(name=leaf.field, type=FieldType.TEXT), known.now):
        wanted = str(cell).lower()
        if not _LANGUAGE_RANGE.fullmatch(wanted):
            raise Invalid("invalid_value", f"{leaf.field} takes a language tag such as de or pt-BR (BCP 47).")
        matches += [lower == wanted, lower.like(f"{wanted}-%")]
    return and_(Subscription.locale.is_not(None), or_(*matches)) if matches else Subscription.locale.is_not(None)


_WITH_ACTION = (EventType.CLICKED, EventType.CUSTOM)  # the pressed button, the name of the site's own event
_LANGUAGE_RANGE = re.compile(r"[a-z]{1,8}(-[a-z0-9]{1,8})*")
_FACTS: dict[str, Callable[[Leaf, Vocabulary], Condition]] = {
    "browser": _name(Subscription.browser),
    "platform": _name(Subscription.platform),
    "country": _name(Subscription.country),
    "time_zone": _name(Subscription.time_zone),
    "language": _language,
    "created_at": _moment(Subscription.created_at),
    "seen_at": _moment(Subscription.seen_at),
    "clicked_at": _moment(Subscription.clicked_at),
}
_SPECIAL: dict[str, Callable[[Leaf, Vocabulary], Condition]] = {
    "email": _of_profile(Profile.email),
    "external_id": _of_profile(Profile.external_id),
    "phones": _phones,
    "tags": _tags,
    "topics": _topics,
}
