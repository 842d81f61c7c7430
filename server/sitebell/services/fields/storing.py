"""Writes rows of a profile so that the work is the same whatever is stored: pages must not learn it (SEC-15)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import false, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from sitebell.models import FieldValue, Profile, ProfilePhone, ProfileTag

Table = type[FieldValue] | type[ProfilePhone] | type[ProfileTag]


def insert_rows(session: Session, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Store rows; where there are none, ask the database for none, so that it hears as many statements."""
    if rows:
        session.execute(insert(table), rows)
    else:
        session.execute(select(table.profile_id).where(false()))


def touch(session: Session, profile: Profile, now: datetime) -> None:
    """Note when a profile was changed, with a statement also for one that was made at this very moment."""
    profile.updated_at = now
    flag_modified(profile, "updated_at")
    session.flush()
