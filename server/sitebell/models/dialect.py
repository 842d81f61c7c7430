"""What a site brought along from another vendor: which dialects it speaks, and the ids that it goes on using."""

from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sitebell.db import Base, BigId


class Dialect(StrEnum):
    """A vendor whose page calls and REST calls are understood."""

    ALTCRAFT = "altcraft"
    PUSHENGAGE = "pushengage"
    CLEVERPUSH = "cleverpush"


class Quirk(StrEnum):
    """What a vendor does that is unsafe; a site gets it only by name."""

    PUSHENGAGE_SEND_UNTARGETED = "pushengage_send_untargeted"
    CLEVERPUSH_SEND_UNTARGETED = "cleverpush_send_untargeted"
    CLEVERPUSH_ID_WRITES = "cleverpush_id_writes"


class AliasKind(StrEnum):
    """What a foreign id stands for."""

    RESOURCE_TOKEN = "resource_token"  # noqa: S105  (the name of a kind)
    APP_ID = "app_id"
    CHANNEL = "channel"
    RESOURCE_ID = "resource_id"
    SEGMENT = "segment"
    TOPIC = "topic"
    TAG = "tag"
    ATTRIBUTE = "attribute"
    OPT_IN_FORM = "opt_in_form"


NAMES_A_SITE = (AliasKind.RESOURCE_TOKEN, AliasKind.APP_ID, AliasKind.CHANNEL)


class Alias(Base):
    """A foreign id and what it means here: the site itself, or the name of a topic, tag or field of it.

    `target` is that name; for an opt-in form `single` or `double`; empty where the site itself is meant.
    """

    __tablename__ = "alias"
    __table_args__ = (UniqueConstraint("site_id", "dialect", "kind", "foreign_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    dialect: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(14))
    foreign_id: Mapped[str] = mapped_column(String(200))
    target: Mapped[str] = mapped_column(String(200), default="")


_NAMES_A_SITE = Alias.kind.in_([kind.value for kind in NAMES_A_SITE])
Index(
    "ix_alias_site",
    Alias.dialect,
    Alias.kind,
    Alias.foreign_id,
    unique=True,
    sqlite_where=_NAMES_A_SITE,
    postgresql_where=_NAMES_A_SITE,
)
