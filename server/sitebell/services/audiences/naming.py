"""The names in an audience: in the one form in which they are compared, and as hashes for those who look for them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Field, FieldType
from sitebell.services.audiences.sets import load_vocabulary
from sitebell.services.audiences.trees import Leaf, leaves_of, parse_where
from sitebell.services.fields.contact import normalise_email, normalise_phone
from sitebell.services.fields.values import Cell, to_cell
from sitebell.services.messages.names import fingerprint, fingerprints

LISTS = ("subscriber_hashes", "profile_ids", "external_ids")
SAYS_A_VALUE = ("eq", "ne", "in", "contains")


def normalise_where(tree: Any) -> Any:
    """Return a checked `where` with e-mail addresses and phone numbers as profiles store them."""
    if not isinstance(tree, dict):
        return [normalise_where(item) for item in tree]
    if "field" not in tree:
        return {kind: normalise_where(inner) for kind, inner in tree.items()}
    if tree["field"] == "email" and tree["op"] == "begins_with":
        return tree | {"value": tree["value"].lower()}
    forms = {"email": normalise_email, "phones": normalise_phone}
    if tree["field"] not in forms or tree["op"] not in SAYS_A_VALUE:
        return tree
    form, value = forms[tree["field"]], tree["value"]
    return tree | {"value": list(map(form, value)) if isinstance(value, list) else form(value)}


def names_in(session: Session, site_id: int, audience: dict[str, Any], now: datetime) -> set[bytes]:
    """Return the hashes of all names in a checked audience, and of the values that it compares fields with."""
    found = {name_hash for kind in LISTS for name in audience.get(kind, ()) for name_hash in fingerprints(name)}
    if "where" in audience:
        tree = parse_where(audience["where"])
        known = load_vocabulary(session, site_id, tree, now)
        for leaf in leaves_of(tree):
            found.update(_said_by(leaf, known.fields.get(leaf.field, ())))
    return found


def cell_that(field: Field, op: str, value: Any) -> Cell | None:
    """Return the cell of a field that a comparison speaks of; None when it means more than one value."""
    if op in SAYS_A_VALUE and field.type != FieldType.BOOLEAN and not isinstance(value, dict):
        with suppress(Invalid):  # a field of this name in another database may have another type
            return to_cell(field, value)
    return None


def fingerprint_of_value(field: Field, cell: Cell) -> bytes:
    """Return the hash by which a value of a field is noted."""
    return fingerprint(f"{field.name}\0{cell}")


def _said_by(leaf: Leaf, fields: Iterable[Field]) -> Iterator[bytes]:
    for value in leaf.value if isinstance(leaf.value, list) else [leaf.value]:
        if isinstance(value, str):
            yield from fingerprints(value)
        for field in fields:
            cell = cell_that(field, leaf.op, value)
            if cell is not None:
                yield fingerprint_of_value(field, cell)
