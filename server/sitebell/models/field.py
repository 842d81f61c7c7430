"""The typed fields of a database's profiles."""

from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId


class FieldType(StrEnum):
    """What a field holds; it decides how values are stored, compared and written in JSON."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    LIST = "list"


class Field(Base):
    """A field that profiles of one database may have. Standard ones are made with the database."""

    __tablename__ = "field"
    __table_args__ = (UniqueConstraint("database_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    database_id: Mapped[int] = mapped_column(ForeignKey("database.id"))
    name: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(10))
    is_standard: Mapped[bool] = mapped_column(default=False)
    is_open: Mapped[bool] = mapped_column(default=False, doc="pages of a signed site may write it without a token")
