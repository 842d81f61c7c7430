"""Turns cells of a CSV file, which are texts, into the values of custom fields."""

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import FieldType, Site
from sitebell.services.databases import list_database_ids
from sitebell.services.fields.defining import fields_by_name
from sitebell.services.fields.updates import find_field
from sitebell.services.fields.values import EXAMPLES
from sitebell.services.importing.formats import KNOWN_KINDS, TRUE

_FROM_TEXT: dict[FieldType, Callable[[str], Any]] = {
    FieldType.INTEGER: int,
    FieldType.DECIMAL: float,
    FieldType.BOOLEAN: lambda text: text.lower() in TRUE,
}


def cell_converter(session: Session, site: Site, kinds: Collection[str]) -> Callable[[str, str], Any]:
    """Return what makes a field's value of a cell, for those of `kinds` that are custom fields.

    Raises:
        Invalid: `unknown_field`, a database of the site does not have one; `invalid_match`, there are several.
    """
    names = [kind for kind in kinds if kind not in KNOWN_KINDS]
    if len(names) > 1:
        raise Invalid("invalid_match", f"A profile is found by at most one custom field, not by {', '.join(names)}.")
    types: dict[str, FieldType] = {}
    for database_id in list_database_ids(session, site):
        known = fields_by_name(session, database_id)
        types |= {name: FieldType(find_field(known, name).type) for name in names}

    def convert(name: str, cell: str) -> Any:
        try:
            return _FROM_TEXT.get(types[name], str)(cell)
        except ValueError:
            raise Invalid("invalid_value", f"{name} takes {EXAMPLES[types[name]]}.", {"field": name}) from None

    return convert
