"""Erases people and browsers: nothing that was theirs stays in any table, and the counts of messages stay right.

A browser's row stays as a shell that says nothing, for the deliveries that point to it; its endpoint leaves a
tombstone, a keyed hash, so that no refresh brings it back.
"""

from sitebell.services.audiences.people import Names
from sitebell.services.erasure.erasing import Erased, erase_profile, erase_subscriber, sites_of
from sitebell.services.erasure.ledger import Ledger, erase_again
from sitebell.services.erasure.naming import messages_naming

__all__ = [
    "Erased",
    "Ledger",
    "Names",
    "erase_again",
    "erase_profile",
    "erase_subscriber",
    "messages_naming",
    "sites_of",
]
