"""What an erase puts in the place of names in the audiences of messages, and which messages name somebody."""

import re
import secrets
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy.orm import Session

from sitebell.models import Message
from sitebell.services.audiences.naming import LISTS
from sitebell.services.audiences.people import Names
from sitebell.services.audiences.rewriting import hashes_in, names_said, rewrite, values_in, words_in
from sitebell.services.messages.names import drop_names, messages_calling

SAYS_WHO = ("eq", "in", "contains", "begins_with")  # a comparison with nobody's name is met by nobody
NO_CONTENT = {"title": "(erased)"}

_NOBODY = re.compile(r"erased:[0-9a-f]{16}")


def forget_names(session: Session, site_ids: Iterable[int], names: Names, *, once_of: int | None = None) -> None:
    """Put words that mean nobody in the place of names, in the audience of each message of these sites.

    So it is with messages of sites that had the database `once_of` when they were made. Lists keep their length, for a
    planner may stand at a place in them. A message that named nobody else loses its content with its audience, and ends
    like any other that reaches nobody.
    """
    for message_id in messages_calling(session, site_ids, names.hashes, once_of=once_of):
        message = session.get_one(Message, message_id, with_for_update=True, populate_existing=True)
        theirs = names.without_others(session, words_in(message.audience))
        audience = rewrite(message.audience, theirs, lambda _: _nobody(), thins_choices=True)
        if audience == message.audience:
            continue
        drop_names(session, message_id, theirs.hashes | (hashes_in(message.audience) - hashes_in(audience)))
        message.audience = audience
        if all(_is_nobody(name, part) for name, part in audience.items()):
            message.notification, message.replace_key, message.status_reason = NO_CONTENT, None, ""
    session.flush()


def messages_naming(
    session: Session, site_ids: Iterable[int], names: Names, *, once_of: int | None = None
) -> Iterator[tuple[Message, dict[str, list[Any]]]]:
    """Yield the messages of these sites whose audience names somebody, with these names by the audience's members.

    `once_of` is as in `forget_names`.
    """
    for message_id in messages_calling(session, site_ids, names.hashes, once_of=once_of):
        message = session.get_one(Message, message_id)
        found = names_said(message.audience, names.without_others(session, words_in(message.audience)))
        if found:
            yield message, found
        session.expunge(message)


def _is_nobody(name: str, part: Any) -> bool:
    if name == "where":
        return _means_nobody(part)
    return name in LISTS and all(_NOBODY.fullmatch(word) for word in part)


def _means_nobody(tree: dict[str, Any]) -> bool:
    if "field" in tree:
        return tree["op"] in SAYS_WHO and all(isinstance(v, str) and _NOBODY.fullmatch(v) for v in values_in(tree))
    if "all" in tree:
        return any(map(_means_nobody, tree["all"]))
    return "any" in tree and all(map(_means_nobody, tree["any"]))


def _nobody() -> str:
    return f"erased:{secrets.token_hex(8)}"
