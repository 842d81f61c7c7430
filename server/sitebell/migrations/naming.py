"""What migration 0004 writes: the hashes of the names in the audiences of the messages that there are.

The form is the one of that version; services/messages/names.py has today's.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

MESSAGES_PER_STEP = 100


def note_names_of_known_messages(connection: sa.Connection) -> None:
    """Let an erase find the messages that were made before their names were noted."""
    tables = sa.MetaData()
    tables.reflect(connection, only=("message", "message_name"))
    message, message_name = tables.tables["message"], tables.tables["message_name"]
    audiences = sa.select(message.c.id, sa.type_coerce(message.c.audience, sa.JSON)).order_by(message.c.id)
    last = 0
    while found := connection.execute(audiences.where(message.c.id > last).limit(MESSAGES_PER_STEP)).all():
        last = found[-1][0]
        rows = [
            {"name_hash": name_hash, "message_id": message_id}
            for message_id, audience in found
            for name_hash in {name_hash for word in _words(audience) for name_hash in _hashes(word)}
        ]
        if rows:
            connection.execute(sa.insert(message_name), rows)


def _words(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, (list, dict)):
        for item in part if isinstance(part, list) else part.values():
            yield from _words(item)


def _hashes(word: str) -> set[bytes]:
    forms = {word, word.lower()} if "@" in word else {word}
    return {hashlib.sha256(form.encode()).digest()[:16] for form in forms}
