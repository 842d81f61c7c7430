"""What an audience may be: everyone alone, or a union of lists and sets that names at least one thing."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Site
from sitebell.models.profile import LONGEST_EXTERNAL_ID
from sitebell.services.audiences.naming import LISTS, normalise_where
from sitebell.services.audiences.sets import SETS, check_where
from sitebell.services.public_ids import is_profile_id, is_subscriber_hash
from sitebell.services.tags import check_tag
from sitebell.services.topics import check_topics

MEMBERS = (*LISTS, *SETS)
NOBODY = f'Name an audience: {{"everyone": true}}, or entries for any of {", ".join(MEMBERS)}.'
MAX_IDS = 10_000
MAX_NAMES = 100


def check_audience(
    session: Session, site: Site, audience: dict[str, Any], now: datetime, *, most_ids: int = MAX_IDS
) -> dict[str, Any]:
    """Return the audience in the form that is stored: lists sorted, each entry once, addresses and numbers in one form.

    Ids that nobody has are taken and reach nobody; names that the site defines itself must exist.

    Raises:
        Invalid: `empty_audience` (never everybody by omission), `invalid_audience`, `unknown_topic`, `invalid_tag`, or
            what is wrong with `where`: `invalid_where`, `unknown_field`, `invalid_value`, `invalid_email`,
            `invalid_phone`.
    """
    if set(audience) - {"everyone", *MEMBERS}:
        raise Invalid("invalid_audience", f"An audience is everyone, or any of {', '.join(MEMBERS)}.")
    if "everyone" in audience:
        return _check_everyone(audience)
    if not audience or not all(audience.values()):
        raise Invalid("empty_audience", NOBODY)
    checked: dict[str, Any] = {name: _check_list(name, audience[name], most_ids) for name in LISTS if name in audience}
    if "topics" in audience:
        _check_length("topics", audience["topics"], MAX_NAMES)
        checked["topics"] = sorted(check_topics(session, site, audience["topics"]))
    if "tags" in audience:
        _check_length("tags", audience["tags"], MAX_NAMES)
        checked["tags"] = sorted(set(map(check_tag, audience["tags"])))
    if "where" in audience:
        check_where(session, site.id, audience["where"], now)
        checked["where"] = normalise_where(audience["where"])
    return checked


def _check_everyone(audience: dict[str, Any]) -> dict[str, Any]:
    if set(audience) != {"everyone"}:
        raise Invalid("invalid_audience", "everyone leaves nobody to add: use it alone.")
    if audience["everyone"] is not True:
        raise Invalid("empty_audience", 'To reach every subscriber write {"everyone": true}.')
    return {"everyone": True}


def _check_list(name: str, ids: Sequence[str], most: int) -> list[str]:
    is_sound, form = _FORMS[name]
    _check_length(name, ids, most)
    if not all(map(is_sound, ids)):
        raise Invalid("invalid_audience", f"Write each of {name} as {form}.")
    return sorted(set(ids))


def _check_length(name: str, entries: Sequence[str], most: int) -> None:
    if len(entries) > most:
        raise Invalid("invalid_audience", f"List at most {most} {name} in one message.")


_FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "subscriber_hashes": (is_subscriber_hash, "its 32 digits, 0-9 and a-f"),
    "profile_ids": (is_profile_id, "its 24 digits, 0-9 and a-f"),
    "external_ids": (lambda text: 1 <= len(text) <= LONGEST_EXTERNAL_ID, f"1 to {LONGEST_EXTERNAL_ID} characters"),
}
