"""Where audiences of messages name somebody, and what an erase puts there instead."""

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.orm import Session

from sitebell.models import Message, Profile, ProfilePhone, Subscription

LISTS = ("subscriber_hashes", "profile_ids", "external_ids")
SAYS_WHO = ("eq", "in", "contains", "begins_with")  # a comparison with nobody's name is met by nobody
NO_CONTENT = {"title": "(erased)"}
WORDS_PER_QUERY = 50

_NOBODY = re.compile(r"erased:[0-9a-f]{16}")


@dataclass(frozen=True)
class Names:
    """What people and browsers are called in audiences."""

    words: frozenset[str]
    emails: frozenset[str]

    @classmethod
    def of(cls, session: Session, profiles: Sequence[Profile], browsers: Iterable[Subscription]) -> "Names":
        """Return the names of stored profiles and browsers."""
        words = {row.subscriber_hash for row in browsers} | {profile.public_id for profile in profiles}
        words |= {profile.external_id for profile in profiles if profile.external_id}
        phones = select(ProfilePhone.phone).where(ProfilePhone.profile_id.in_([profile.id for profile in profiles]))
        emails = frozenset(profile.email for profile in profiles if profile.email)
        return cls(frozenset({*words, *session.scalars(phones)}), emails)

    def mean(self, value: object) -> bool:
        """Say whether a value is one of them; an e-mail address in any case."""
        return isinstance(value, str) and (value in self.words or value.lower() in self.emails)


def forget_names(session: Session, site_ids: Iterable[int], names: Names) -> None:
    """Put words that mean nobody in the place of names, in the audience of each message of these sites.

    Lists keep their length, for a planner may stand at a place in them. A message that named nobody else loses its
    content with its audience, and ends like any other that reaches nobody.
    """
    for message_id in list(_candidates(session, site_ids, names)):
        message = session.get_one(Message, message_id, with_for_update=True, populate_existing=True)
        audience = _without(message.audience, names)
        if audience == message.audience:
            continue
        message.audience = audience
        if all(_is_nobody(name, part) for name, part in audience.items()):
            message.notification, message.replace_key, message.status_reason = NO_CONTENT, None, ""
    session.flush()


def messages_naming(
    session: Session, site_ids: Iterable[int], names: Names
) -> Iterator[tuple[Message, dict[str, list[str]]]]:
    """Yield the messages of these sites whose audience names somebody, with these names by the audience's members."""
    for message_id in _candidates(session, site_ids, names):
        message = session.get_one(Message, message_id)
        found = {name: [word for word in _strings(part) if names.mean(word)] for name, part in message.audience.items()}
        if any(found.values()):
            yield message, {name: words for name, words in found.items() if words}
        session.expunge(message)


def _candidates(session: Session, site_ids: Iterable[int], names: Names) -> Iterator[int]:
    """Yield the messages in whose audience, as JSON text, one of the words stands; some of them in another case."""
    text = func.lower(cast(Message.audience, Text))
    seen: set[int] = set()
    words = [json.dumps(word).lower() for word in sorted(names.words | names.emails)]
    for place in range(0, len(words), WORDS_PER_QUERY):
        some = words[place : place + WORDS_PER_QUERY]
        stands = or_(*(text.contains(word, autoescape=True) for word in some))
        query = select(Message.id).where(Message.site_id.in_(list(site_ids)), stands).order_by(Message.id)
        found = set(session.scalars(query)) - seen
        yield from sorted(found)
        seen |= found


def _without(audience: dict[str, Any], names: Names) -> dict[str, Any]:
    changed = dict(audience)
    for name in LISTS:
        if name in audience:
            changed[name] = [_nobody() if names.mean(word) else word for word in audience[name]]
    if "where" in audience:
        changed["where"] = _pruned(audience["where"], names)
    return changed


def _pruned(tree: Any, names: Names) -> Any:
    if not isinstance(tree, dict):
        return tree
    if "field" not in tree:
        return {
            kind: [_pruned(item, names) for item in inner] if isinstance(inner, list) else _pruned(inner, names)
            for kind, inner in tree.items()
        }
    value = tree.get("value")
    if isinstance(value, list) and any(map(names.mean, value)):
        others = [item for item in value if not names.mean(item)]  # one word of the wrong form would spoil them all
        return {**tree, "value": others or [_nobody()]}
    return {**tree, "value": _nobody()} if names.mean(value) else tree


def _is_nobody(name: str, part: Any) -> bool:
    if name == "where":
        return _means_nobody(part)
    return name in LISTS and all(_NOBODY.fullmatch(word) for word in part)


def _means_nobody(tree: dict[str, Any]) -> bool:
    if "field" in tree:
        values = tree["value"] if isinstance(tree.get("value"), list) else [tree.get("value")]
        return tree["op"] in SAYS_WHO and all(isinstance(v, str) and _NOBODY.fullmatch(v) for v in values)
    if "all" in tree:
        return any(map(_means_nobody, tree["all"]))
    return "any" in tree and all(map(_means_nobody, tree["any"]))


def _nobody() -> str:
    return f"erased:{secrets.token_hex(8)}"


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value if isinstance(value, list) else value.values():
            yield from _strings(item)
