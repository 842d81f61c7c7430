"""What is left of those who were erased, and who did what."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime


class Tombstone(Base):
    """A keyed hash of an erased endpoint: a refresh of that browser is told so, and says nothing about anyone."""

    __tablename__ = "tombstone"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    address_mac: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ErasedName(Base):
    """A keyed hash of a name, in its database, of somebody erased: tokens from before that moment count no more."""

    __tablename__ = "erased_name"

    name_mac: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AuditEntry(Base):
    """One thing that somebody with a credential did; each entry holds the hash of the one before (SEC-42)."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(100), doc="`cli`, or `key:` and the API key's id")
    action: Mapped[str] = mapped_column(String(60))
    site_id: Mapped[int | None]
    subject: Mapped[str] = mapped_column(String(200), default="", doc="an id of ours; never what identifies a person")
    address: Mapped[str] = mapped_column(String(64), default="", doc="the client's network")
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
