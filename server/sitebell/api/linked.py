"""Finds what a back-end route names in its path, among what the API key's site reaches and nowhere else (SEC-38)."""

import re

from sqlalchemy.orm import Session

from sitebell.errors import NotFound
from sitebell.models import Database, Profile
from sitebell.services.databases import LARGEST_ID, get_linked_database
from sitebell.services.profiles import get_profile
from sitebell.web.api_keys import sender_site

_ID = re.compile(r"[1-9][0-9]{0,9}")


def linked_database(session: Session, database_id: str) -> Database:
    """Return the database of a path.

    Raises:
        NotFound: `database_not_found`.
    """
    if not _ID.fullmatch(database_id) or int(database_id) > LARGEST_ID:
        raise NotFound("database_not_found", "A database's id is a whole number: see `sitebell databases list`.")
    return get_linked_database(session, sender_site(), int(database_id))


def linked_profile(session: Session, database_id: str, profile_id: str) -> Profile:
    """Return the profile of a path.

    Raises:
        NotFound: `database_not_found` or `profile_not_found`.
    """
    return get_profile(session, linked_database(session, database_id), profile_id)
