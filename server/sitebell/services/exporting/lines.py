"""Writes lines of our own format, none of which an import refuses for its length."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sitebell.services.importing.own_format import LONGEST_JSON, MAX_PROFILES

Json = dict[str, Any]


@dataclass(frozen=True)
class OwnLine:
    """A line with its end, and how much had no place in it."""

    text: str
    lost_values: int = 0
    lost_profiles: int = 0


def write_line(values: Json) -> OwnLine:
    """Return the line of a subscription or of a key.

    Of more profiles than a line takes the newest are written, of values of fields the shorter ones. All that is left
    without any of those, a hundred profiles with a hundred tags each, takes a quarter of a line.
    """
    people = values.get("profiles", [])
    kept = people[-MAX_PROFILES:]
    text = _encoded(values | {"profiles": kept} if kept else values)
    lost = 0
    if len(text) > LONGEST_JSON:
        kept, lost = _shortened(kept, len(text) - LONGEST_JSON)
        text = _encoded(values | {"profiles": kept})
    return OwnLine(text, lost, len(people) - len(kept))


def _shortened(people: Sequence[Json], excess: int) -> tuple[list[Json], int]:
    """Return people without their longest values, which have that many characters, and how many those are."""
    kept = [{**person, "fields": dict(person.get("fields", {}))} for person in people]
    sizes = [
        (len(_encoded(value)), place, name) for place, one in enumerate(kept) for name, value in one["fields"].items()
    ]
    lost = 0
    for size, place, name in sorted(sizes, reverse=True):
        if excess <= 0:
            break
        del kept[place]["fields"][name]
        excess, lost = excess - size, lost + 1
    return kept, lost


def _encoded(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"
