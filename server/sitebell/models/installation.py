"""Facts about this installation as a whole: its canary, its workers, its rate limits."""

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, UtcDateTime


class Installation(Base):
    """One row. The canary is a known text sealed by the master key: it opens only under the right one."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    canary: Mapped[bytes] = mapped_column(LargeBinary)
    pruned_at: Mapped[datetime | None] = mapped_column(UtcDateTime, doc="when retention last ran")
    audit_head: Mapped[bytes | None] = mapped_column(LargeBinary, doc="the newest audit entry's hash, sealed")


class WorkerHeartbeat(Base):
    """A worker process and when it last said that it lives."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TokenBucket(Base):
    """How many requests a site or a client network may still make."""

    __tablename__ = "token_bucket"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    tokens: Mapped[float]
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
