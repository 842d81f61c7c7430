"""A set of profiles, and which sites reach it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId, UtcDateTime


class Database(Base):
    """A set of profiles; may serve several sites."""

    __tablename__ = "database"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SiteDatabase(Base):
    """The link that lets a site reach the profiles of a database."""

    __tablename__ = "site_database"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    database_id: Mapped[int] = mapped_column(ForeignKey("database.id"), primary_key=True, index=True)
