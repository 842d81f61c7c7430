"""Matching `custom`: by any field of a database, among which the vendor counts `email` and `phones`."""

from typing import Any

from sitebell.services.matching import Match


def custom_match(name: str, value: Any) -> Match:
    """Return by what a person is found whose field has a value; what is none is left for the match to refuse."""
    if name == "email":
        return Match(email=value)
    return Match(phone=value) if name == "phones" else Match(custom=(name, value))
