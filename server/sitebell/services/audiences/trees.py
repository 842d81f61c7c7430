"""The shape of `where`: a tree of all, any and not over comparisons of one field each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sitebell.errors import Invalid

MAX_DEPTH = 8
MAX_LEAVES = 100
MAX_VALUES = 1000  # in one tree: each is a parameter of the statement, once for each type that a field has
MAX_CHOICES = 100
LONGEST_NAME = 80
BRANCHES = ("all", "any", "not")
OPERATIONS = (
    "eq",
    "ne",
    "in",
    "gt",
    "gte",
    "lt",
    "lte",
    "before",
    "after",
    "begins_with",
    "contains",
    "exists",
)


@dataclass(frozen=True)
class Leaf:
    """One comparison: a field, an operation, and its JSON value."""

    field: str
    op: str
    value: Any

    def refuse(self, complaint: str) -> Invalid:
        """Return the error that says what is wrong with this comparison."""
        return Invalid("invalid_where", f"{self.field} {self.op}: {complaint}", {"field": self.field, "op": self.op})


@dataclass(frozen=True)
class Branch:
    """Conditions of which all or any must hold; `not` has exactly one."""

    kind: str
    inner: tuple["Tree", ...]


Tree = Leaf | Branch


def parse_where(raw: Any) -> Tree:
    """Return the tree that JSON describes.

    Raises:
        Invalid: `invalid_where`, it has another shape, no condition somewhere, or too many of anything.
    """
    tree = _parse(raw, 1)
    found = list(leaves_of(tree))
    if len(found) > MAX_LEAVES:
        raise Invalid("invalid_where", f"where has at most {MAX_LEAVES} comparisons.")
    if sum(len(leaf.value) if leaf.op == "in" else 1 for leaf in found) > MAX_VALUES:
        raise Invalid("invalid_where", f"where has at most {MAX_VALUES} values in all.")
    return tree


def leaves_of(tree: Tree) -> Iterator[Leaf]:
    """Yield the comparisons of a tree from left to right."""
    if isinstance(tree, Leaf):
        yield tree
    else:
        for inner in tree.inner:
            yield from leaves_of(inner)


def _parse(raw: Any, depth: int) -> Tree:
    if not isinstance(raw, dict):
        raise Invalid("invalid_where", 'where is an object: all, any, not, or {"field", "op", "value"}.')
    if depth > MAX_DEPTH:
        raise Invalid("invalid_where", f"where is at most {MAX_DEPTH} levels deep.")
    if "field" in raw or "op" in raw:
        return _parse_leaf(raw)
    if len(raw) != 1 or next(iter(raw)) not in BRANCHES:
        raise Invalid("invalid_where", 'Each level of where is one of all, any, not, or {"field", "op", "value"}.')
    [(kind, inner)] = raw.items()
    if kind == "not":
        return Branch(kind, (_parse(inner, depth + 1),))
    if not isinstance(inner, list) or not inner:  # all of nothing would be everybody
        raise Invalid("invalid_where", f"{kind} takes a list of at least one condition.")
    if len(inner) > MAX_LEAVES:
        raise Invalid("invalid_where", f"where has at most {MAX_LEAVES} comparisons.")
    return Branch(kind, tuple(_parse(item, depth + 1) for item in inner))


def _parse_leaf(raw: dict[str, Any]) -> Leaf:
    field, op, value = raw.get("field"), raw.get("op"), raw.get("value", True if raw.get("op") == "exists" else None)
    if set(raw) - {"field", "op", "value"} or not isinstance(field, str) or not 1 <= len(field) <= LONGEST_NAME:
        raise Invalid("invalid_where", "A comparison has the members field, op and value, and no other.")
    if not isinstance(op, str) or op not in OPERATIONS:
        raise Invalid("invalid_where", f"{field}: op is one of {', '.join(OPERATIONS)}.", {"field": field})
    leaf = Leaf(field, op, value)
    if op == "exists" and not isinstance(value, bool):
        raise leaf.refuse("its value is true or false.")
    if op == "in" and not (isinstance(value, list) and 1 <= len(value) <= MAX_CHOICES):
        raise leaf.refuse(f"its value is a list of 1 to {MAX_CHOICES}.")
    if value is None:
        raise leaf.refuse("it needs a value; ask for none with exists and false.")
    return leaf
