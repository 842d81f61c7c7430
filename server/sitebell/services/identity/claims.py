"""What a verified token says about a person: its claims in the form in which profiles are found and written."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sitebell.errors import Invalid
from sitebell.models.profile import LONGEST_EXTERNAL_ID
from sitebell.services.identity.tokens import Purpose
from sitebell.services.matching import Match
from sitebell.services.tags import NO_TAGS, TagChange

MAX_FIELDS = 100
LONGEST_NAME = 64
LONGEST_CUSTOM = 500

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL and UTF-8 have no place for them


@dataclass(frozen=True)
class Claims:
    """Who somebody is, and what the site's back end says about them."""

    match: Match
    fields: Mapping[str, Any] = field(default_factory=dict)
    tags: TagChange = NO_TAGS


def read_claims(claims: Mapping[str, Any], purpose: Purpose) -> Claims:
    """Read `sub`, `email`, `phone`, `match`, `fields` and `tags`; other claims mean nothing to us.

    An address that the site has not confirmed, as `email_verified` and `phone_number_verified` say (OpenID Connect Core
    1.0 section 5.1), is left out: whoever signs up there with somebody else's must not find that one's profile by it.

    Fields are plain values: an operation such as incr would happen again whenever the token is shown again.

    Raises:
        Invalid: by `purpose.fault`; a claim has another shape.
    """
    fault = purpose.fault
    if not _is_text(claims["sub"], LONGEST_EXTERNAL_ID):
        raise fault(f"has a sub that is no text of 1 to {LONGEST_EXTERNAL_ID} characters")
    match = Match(
        external_id=claims["sub"],
        email=_confirmed(claims, "email", "email_verified", purpose),
        phone=_confirmed(claims, "phone", "phone_number_verified", purpose),
        custom=_custom(claims, purpose),
    )
    try:
        match = match.normalised()
    except Invalid as error:
        raise fault(f"has a claim that cannot be used ({error.code})") from None
    return Claims(match, _fields(claims, purpose), _tags(claims, purpose))


def _confirmed(claims: Mapping[str, Any], name: str, word: str, purpose: Purpose) -> Any:
    """Return an address unless the token says that it is not confirmed; some providers write a text for that."""
    match claims.get(word):
        case None | True | "true":
            return claims.get(name)
        case False | "false":
            return None
    raise purpose.fault(f"has {word} that is neither true nor false")


def _custom(claims: Mapping[str, Any], purpose: Purpose) -> tuple[str, Any] | None:
    match claims.get("match"):
        case None:
            return None
        case {"custom": {"field": name, "value": value, **rest}, **others} if not rest and not others:
            if _is_text(name, LONGEST_NAME) and _is_scalar(value) and value is not None:
                return name, value
    raise purpose.fault('has a match that is not {"custom": {"field": …, "value": …}}')


def _fields(claims: Mapping[str, Any], purpose: Purpose) -> dict[str, Any]:
    values = claims.get("fields")
    if values is None:
        return {}
    if not isinstance(values, dict) or len(values) > MAX_FIELDS:
        raise purpose.fault(f"has fields that are no object of at most {MAX_FIELDS} members")
    for name, value in values.items():
        elements = value if isinstance(value, list) else [value]
        if not _is_text(name, LONGEST_NAME) or not all(map(_is_scalar, elements)):
            raise purpose.fault("has a field that is neither a plain value nor a list of them")
    return values


def _tags(claims: Mapping[str, Any], purpose: Purpose) -> TagChange:
    change = claims.get("tags")
    if change is None:
        return NO_TAGS
    if isinstance(change, dict) and set(change) <= {"add", "remove"}:
        lists = list(change.values())
        if all(isinstance(tags, list) and all(isinstance(tag, str) for tag in tags) for tags in lists):
            return TagChange(**change)
    raise purpose.fault('has tags that are not {"add": […], "remove": […]} with texts')


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= longest and not _UNWRITABLE.search(value)


def _is_scalar(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_CUSTOM and not _UNWRITABLE.search(value)
    return value is None or isinstance(value, (bool, int, float))
