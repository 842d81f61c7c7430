"""The blueprint of CleverPush's routes, its private key, and which channel a call is about."""

from flask import request
from sqlalchemy.orm import Session

from sitebell.compat.sites import get_speaking_site, speaking_sites
from sitebell.errors import NotFound
from sitebell.models import Dialect, Site
from sitebell.services.dialects import Words, find_speaking_site
from sitebell.web.api_keys import Credential, settle_on
from sitebell.web.context import store
from sitebell.web.routes import Routes

LONGEST_ID = 200
CHANNEL = ("site_not_found",)  # how a call fails whose channel is another's, or none

cleverpush = Routes(
    "cleverpush",
    __name__,
    description=(
        "CleverPush's dialect, for sites that came from there: `sitebell sites set TOKEN --dialect cleverpush`. A back "
        "end sends its private key as `Authorization: KEY`, without a scheme. docs/leaving-cleverpush.md says what is "
        "understood and what is different."
    ),
)


def private_key() -> str | None:
    """Return the key of a back end, which the vendor takes without a scheme word; with `Bearer` it is taken, too."""
    credential = request.authorization
    if credential is not None and credential.type == "bearer":
        return credential.token
    return request.headers.get("Authorization")


PRIVATE_KEY = Credential(private_key, "Authorization: KEY, without a word before it")


def own_channel(channel_id: str) -> Site:
    """Return the site that a call is about, after its channel was found to be one of the key's.

    Raises:
        NotFound: `site_not_found`, no site of the key speaks the dialect, or the channel is another's or nobody's.
    """
    own = {site.id for site in speaking_sites(Dialect.CLEVERPUSH)}
    with store().reading() as session:
        known = find_speaking_site(session, Dialect.CLEVERPUSH, channel_id)
    if known is None or known.id not in own:
        raise NotFound("site_not_found", "This private key opens another channel: see `sitebell sites aliases`.")
    settle_on(known)
    return known


def find_channel(channel_id: str) -> Site:
    """Return the site that a channel's id, or our own token, names.

    Raises:
        NotFound: `site_not_found`.
    """
    with store().reading() as session:
        return get_speaking_site(session, Dialect.CLEVERPUSH, channel_id)


def words_of(session: Session, site: Site) -> Words:
    """Return what a channel's ids mean."""
    return Words.of_site(session, site, Dialect.CLEVERPUSH)
