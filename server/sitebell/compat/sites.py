"""Which site a call in a vendor's dialect is about. One that does not speak the dialect is as unknown as none."""

from typing import NoReturn

from sqlalchemy.orm import Session

from sitebell.errors import NotFound
from sitebell.models import Dialect, Site
from sitebell.services.dialects import find_speaking_site, speaks
from sitebell.web.api_keys import sender_sites, settle_on


def get_speaking_site(session: Session, dialect: Dialect, foreign_id: str) -> Site:
    """Return the site that a vendor's id, or its own token, names.

    Raises:
        NotFound: `site_not_found`.
    """
    site = find_speaking_site(session, dialect, foreign_id)
    if site is None:
        _not_found(dialect)
    return site


def speaking_sites(dialect: Dialect) -> list[Site]:
    """Return the sites of this request's API key that speak the dialect, at least one, and settle on them.

    Raises:
        NotFound: `site_not_found`.
    """
    sites = [site for site in sender_sites() if speaks(site, dialect)] or _not_found(dialect)
    settle_on(*sites)
    return sites


def _not_found(dialect: Dialect) -> NoReturn:
    way = "adopt the id with `sitebell sites alias`, then `sitebell sites set --dialect`"
    sentence = f"No site of this id speaks {dialect}: {way}."
    raise NotFound("site_not_found", sentence)
