"""Which dialects a site speaks, and which of their unsafe quirks it asked for by name. Both are none by default."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from sitebell.models import Dialect, Quirk, Site
from sitebell.services.dialects.aliases import find_site_by_alias
from sitebell.services.sites import find_site


def speaks(site: Site, dialect: Dialect) -> bool:
    """Say whether a site has a dialect switched on."""
    return dialect in site.dialects.split()


def find_speaking_site(session: Session, dialect: Dialect, id_: str) -> Site | None:
    """Return the site that its own token, or else a vendor's id, names; None when it does not speak the dialect.

    A token always means its own site, whatever ids other sites brought along.
    """
    site = find_site(session, id_) or find_site_by_alias(session, dialect, id_)
    return site if site is not None and speaks(site, dialect) else None


def allows(site: Site, quirk: Quirk) -> bool:
    """Say whether a site asked for an unsafe quirk of a vendor."""
    return quirk in site.quirks.split()


def set_dialects(site: Site, dialects: Iterable[Dialect]) -> None:
    """Replace the dialects that a site speaks."""
    wanted = set(dialects)
    site.dialects = " ".join(dialect for dialect in Dialect if dialect in wanted)


def set_quirks(site: Site, quirks: Iterable[Quirk]) -> None:
    """Replace the quirks that a site asked for."""
    wanted = set(quirks)
    site.quirks = " ".join(quirk for quirk in Quirk if quirk in wanted)
