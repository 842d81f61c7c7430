"""The rule by which a message protects its site from mass loss (REL-05)."""

from sitebell.models import Message

ANSWERS = 50
SHARE_OF_LOSSES = 0.2


def loses_too_many(message: Message) -> bool:
    """Say whether, of at least 50 answers from subscriptions that had accepted before, a fifth is gone or refused."""
    if message.known_answers < ANSWERS:
        return False
    return message.known_losses >= SHARE_OF_LOSSES * message.known_answers
