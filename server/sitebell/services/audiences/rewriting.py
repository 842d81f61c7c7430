"""Puts other words in the place of names in an audience. Lists keep their length: a planner may stand in the middle."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sitebell.services.audiences.naming import LISTS
from sitebell.services.audiences.people import Names
from sitebell.services.messages.names import fingerprints

Json = dict[str, Any]


def rewrite(audience: Json, names: Names, instead: Callable[[str], str | None], *, thins_choices: bool = False) -> Json:
    """Return an audience with other words for these names.

    Args:
        audience: as it is stored.
        names: whose names.
        instead: gives the word for a name in a list, or in a comparison with a field; None lets the name stay.
        thins_choices: take a name out of an `in` that has others: one word of the wrong form would spoil them all.
    """
    changed = dict(audience)
    for name in LISTS:
        if name in audience:
            changed[name] = [(names.mean(word) and instead(name)) or word for word in audience[name]]
    if "where" in audience:
        changed["where"] = _rewritten(audience["where"], names, instead, thins_choices)
    return changed


def rename(audience: Json, names: Names, new: Mapping[str, str]) -> Json:
    """Return an audience in which these names are others, for each list and each field that has a new one."""
    return rewrite(audience, names, new.get)


def names_said(audience: Json, names: Names) -> dict[str, list[Any]]:
    """Return those of the names that stand in an audience, by its members."""
    found = {name: [word for word in audience.get(name, ()) if names.mean(word)] for name in LISTS}
    leaves = [(leaf, value) for leaf in stored_leaves(audience.get("where")) for value in values_in(leaf)]
    found["where"] = [value for leaf, value in leaves if names.mean_value(leaf["field"], leaf["op"], value)]
    return {name: words for name, words in found.items() if words}


def words_in(audience: Json) -> Iterator[str]:
    """Yield every text in an audience that may be a name."""
    for name in LISTS:
        yield from audience.get(name, ())
    for leaf in stored_leaves(audience.get("where")):
        yield from (value for value in values_in(leaf) if isinstance(value, str))


def hashes_in(audience: Json) -> set[bytes]:
    """Return the hashes of every text in an audience that may be a name."""
    return {name_hash for word in words_in(audience) for name_hash in fingerprints(word)}


def stored_leaves(tree: Any) -> Iterator[Json]:
    """Yield the comparisons of a stored `where`, or of none."""
    if isinstance(tree, list):
        for item in tree:
            yield from stored_leaves(item)
    elif isinstance(tree, dict) and "field" in tree:
        yield tree
    elif isinstance(tree, dict):
        yield from stored_leaves(list(tree.values()))


def values_in(leaf: Json) -> list[Any]:
    """Return what a comparison compares with: several for `in`, none for `exists`."""
    value = leaf.get("value")
    return value if isinstance(value, list) else [value]


def _rewritten(tree: Any, names: Names, instead: Callable[[str], str | None], thins: bool) -> Any:  # noqa: FBT001
    if isinstance(tree, list):
        return [_rewritten(item, names, instead, thins) for item in tree]
    if "field" not in tree:
        return {kind: _rewritten(inner, names, instead, thins) for kind, inner in tree.items()}
    values = values_in(tree)
    others = [value for value in values if not names.mean_value(tree["field"], tree["op"], value)]
    word = instead(tree["field"]) if len(others) < len(values) else None
    if word is None:
        return tree
    if not isinstance(tree["value"], list):
        return tree | {"value": word}
    return tree | {"value": others if thins and others else [*others, word]}
