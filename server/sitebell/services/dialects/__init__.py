"""Other vendors' dialects: which of them a site speaks, and what the ids mean that it brought along."""

from sitebell.services.dialects.aliases import (
    KINDS,
    NewAlias,
    add_alias,
    find_alias,
    find_site_by_alias,
    foreign_id_of,
    list_aliases,
    remove_alias,
)
from sitebell.services.dialects.switching import allows, find_speaking_site, set_dialects, set_quirks, speaks
from sitebell.services.dialects.words import Words

__all__ = [
    "KINDS",
    "NewAlias",
    "Words",
    "add_alias",
    "allows",
    "find_alias",
    "find_site_by_alias",
    "find_speaking_site",
    "foreign_id_of",
    "list_aliases",
    "remove_alias",
    "set_dialects",
    "set_quirks",
    "speaks",
]
