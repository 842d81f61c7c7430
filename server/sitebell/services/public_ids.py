"""The forms of the ids by which others know browsers and profiles; what has another form is nobody's."""

import re

_SUBSCRIBER_HASH = re.compile(r"[0-9a-f]{32}")
_PROFILE_ID = re.compile(r"[0-9a-f]{24}")


def is_subscriber_hash(text: str) -> bool:
    """Say whether a text has the form of a subscriber hash: 32 lower-case hex digits."""
    return _SUBSCRIBER_HASH.fullmatch(text) is not None


def is_profile_id(text: str) -> bool:
    """Say whether a text has the form of a profile's id: 24 lower-case hex digits."""
    return _PROFILE_ID.fullmatch(text) is not None
