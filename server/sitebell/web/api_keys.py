"""Who calls from a site's back end: the API key in the Authorization header, and what it may do."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import g, request

from sitebell.errors import NotFound, SitebellError
from sitebell.models import Site
from sitebell.services.keys import find_api_key
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
            g.site = _authenticate(scope, credential)
            return view(*args, **kwargs)

        return cast("View", guarded)

    return decorate


def sender_site() -> Site:
    """Return the site whose API key this request carries."""
    return cast("Site", g.site)


def check_site(token: str | None) -> None:
    """Refuse a body that names another site than the key's.

    Raises:
        NotFound: `site_not_found`, whether or not such a site exists.
    """
    if token is not None and token != sender_site().token:
        raise NotFound("This API key belongs to another site: leave site out or name its own.", "site_not_found")


def _authenticate(scope: str, credential: Credential) -> Site:
    text = credential.read()
    if not text:
        raise SitebellError("invalid_api_key", f"Send an API key: {credential.place}", 401)
    with store().reading() as session:
        key = find_api_key(session, text)
        if key is None:
            raise SitebellError("invalid_api_key", "This API key is unknown or revoked: see `sitebell keys list`.", 401)
        if scope not in key.scopes.split():
            raise SitebellError(
                "scope_missing", f"This API key may {key.scopes}: create one with the scope {scope}.", 403
            )
        g.api_key_id = key.id
        return session.get_one(Site, key.site_id)
