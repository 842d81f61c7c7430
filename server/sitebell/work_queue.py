"""Claim and lease: any table with due rows is a queue that survives the death of its workers.

A worker claims a row with a lease and a fencing token, and commits. Until the lease runs out nobody else gets
the row. Every later write of the worker names the token; once the row was claimed again, the token no longer
matches and the late worker's writes change nothing.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import BigInteger, CursorResult, String, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql import ColumnElement

from sitebell.db import QUIET, BigId, UtcDateTime


class Queued:
    """The columns of a table whose rows are work: due when `due_at` has come and no lease runs.

    `due_at` None means finished: the row is never claimed again. `crashes` counts the workers that died after they had
    begun the row, since work on it last made progress; a row that was merely leased is not to blame.
    """

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_owner: Mapped[str | None] = mapped_column(String(120))
    lease_token: Mapped[int] = mapped_column(BigInteger, default=0)
    is_begun: Mapped[bool] = mapped_column(default=False)
    crashes: Mapped[int] = mapped_column(default=0)


Work = TypeVar("Work", bound=Queued)


def claim(
    session: Session,
    table: type[Work],
    *,
    owner: str,
    now: datetime,
    lease: timedelta,
    where: ColumnElement[bool] | None = None,
) -> Work | None:
    """Take the row that is due longest, mark it as leased to `owner` and return it, or None when nothing is due."""
    free = or_(table.lease_until.is_(None), table.lease_until <= now)
    query = select(table).where(table.due_at <= now, free).order_by(table.due_at, table.id).limit(1)
    if where is not None:
        query = query.where(where)
    row = session.scalars(query.with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    if row.is_begun:
        row.crashes += 1
    row.is_begun = False
    row.lease_owner, row.lease_until = owner, now + lease
    row.lease_token = secrets.randbits(62)
    session.flush()
    return row


def renew(session: Session, row: Queued, *, now: datetime, lease: timedelta, has_progressed: bool) -> bool:
    """Prolong a lease; False when it was lost to another worker. Progress forgives earlier crashes."""
    values: dict[str, object] = {"lease_until": now + lease} | ({"crashes": 0} if has_progressed else {})
    return _write(session, row, **values)


def begin(session: Session, row: Queued) -> bool:
    """Note, before the work is done, that it is being done; False when the lease was lost."""
    return _write(session, row, is_begun=True)


def release(session: Session, row: Queued, *, due_at: datetime | None) -> bool:
    """Give a lease back, with the moment of the next work (None: finished); False when it was lost."""
    return _write(session, row, lease_until=None, lease_owner=None, is_begun=False, due_at=due_at)


def release_owner(session: Session, table: type[Work], owner: str) -> int:
    """Free every row leased to a worker that is known to be dead; return how many."""
    statement = update(table).where(table.lease_owner == owner).values(lease_until=None, lease_owner=None)
    return cast("CursorResult[Any]", session.execute(statement)).rowcount


def _write(session: Session, row: Queued, **values: object) -> bool:
    table = type(row)
    statement = update(table).where(table.id == row.id, table.lease_token == row.lease_token).values(**values)
    result = session.execute(statement, execution_options=QUIET)
    return cast("CursorResult[Any]", result).rowcount == 1
