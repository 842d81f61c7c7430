"""Who calls from a site's back end: the API key in the Authorization header, and what it may do."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import g, request

from sitebell.errors import Conflict, NotFound, SitebellError
from sitebell.models import ApiKey, Site
from sitebell.services.keys import find_api_keys
from sitebell.web.context import store

View = TypeVar("View", bound=Callable[..., Any])
SECURITY: list[dict[str, list[str]]] = [{"api_key": []}]  # OpenAPI: which scheme a route takes


def bearer_token() -> str | None:
    """Return the API key of a native call."""
    credential = request.authorization
    return credential.token if credential is not None and credential.type == "bearer" else None


@dataclass(frozen=True)
class Credential:
    """How a key is read out of a request, and where whoever sent none is to write it."""

    read: Callable[[], str | None]
    place: str


BEARER = Credential(bearer_token, "Authorization: Bearer sb_…")


def needs(scope: str, *, credential: Credential = BEARER) -> Callable[[View], View]:
    """Let a view run only for an API key with this scope; `sender_site()` then returns the key's site.

    Raises:
        SitebellError: `invalid_api_key` (401) or `scope_missing` (403).
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            g.opened = _authenticate(scope, credential)
            return view(*args, **kwargs)

        return cast("View", guarded)

    return decorate


def sender_sites() -> list[Site]:
    """Return the sites that this request's API key opens: one, or several with a vendor's key that they all adopted."""
    return [site for _, site in _opened()]


def sender_site() -> Site:
    """Return the one site that this request's API key opens, or that `settle_on` chose.

    Raises:
        Conflict: `ambiguous_api_key`, it opens several.
    """
    (_, site), *others = _opened()
    if others:
        sentence = (
            f"This API key opens {len(others) + 1} sites, and nothing in this call says which: send a key of the site's"
            " own, from `sitebell keys create`."
        )
        raise Conflict("ambiguous_api_key", sentence)
    return site


def settle_on(*sites: Site) -> None:
    """Leave, of the sites that the key opens, those that this call can be about."""
    wanted = {site.id for site in sites}
    g.opened = [(key, site) for key, site in _opened() if site.id in wanted]


def sender_key() -> ApiKey:
    """Return the row of this request's API key, at the site that `sender_site` returns."""
    sender_site()
    return _opened()[0][0]


def _opened() -> list[tuple[ApiKey, Site]]:
    return cast("list[tuple[ApiKey, Site]]", g.opened)


def check_site(token: str | None) -> None:
    """Settle on the site that a body names, and refuse one that is not the key's.

    Raises:
        NotFound: `site_not_found`, whether or not such a site exists.
    """
    if token is None:
        return
    own = [site for site in sender_sites() if site.token == token]
    settle_on(*own)
    if not own:
        raise NotFound("site_not_found", "This API key belongs to another site: leave site out or name its own.")


def _authenticate(scope: str, credential: Credential) -> list[tuple[ApiKey, Site]]:
    text = credential.read()
    if not text:
        raise SitebellError("invalid_api_key", f"Send an API key: {credential.place}", 401)
    with store().reading() as session:
        keys = find_api_keys(session, text)
        if not keys:
            raise SitebellError("invalid_api_key", "This API key is unknown or revoked: see `sitebell keys list`.", 401)
        opened = [(key, session.get_one(Site, key.site_id)) for key in keys if scope in key.scopes.split()]
        if not opened:
            raise SitebellError(
                "scope_missing", f"This API key may {keys[0].scopes}: create one with the scope {scope}.", 403
            )
        return opened
