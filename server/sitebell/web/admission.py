"""What a request passes before its view: the size of its body, and below /v1/sites/ the site's origins (SEC-11)."""

import re

from flask import Flask, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from sitebell.errors import NotFound, SitebellError
from sitebell.models import Site
from sitebell.services.sites import find_site
from sitebell.web.context import store

PAGE_BODY = 64 * 1024
API_BODY = 1024 * 1024
BULK_BODY = 32 * 1024 * 1024  # of lines, which are read one by one
LISTS_BODY = 4 * 1024 * 1024  # 50,000 ids of subscriptions, which CleverPush takes in one call
PREFLIGHT_SECONDS = 7200  # Chromium keeps no answer longer

NDJSON = "application/x-ndjson"

_PAGE_PATH = re.compile(r"/v1/sites/(?P<token>[^/]+)(?:/.*)?", re.DOTALL)
_LISTS_PATH = "/notification/send"
# CleverPush's apps, which prove nothing either; a sync does if it has a key.
_BY_ID_PATH = re.compile(
    r"/subscription/(?!sync/).*|/notification/(delivered|clicked)|/channel/confirm-alert", re.DOTALL
)
_SYNC_PATH = re.compile(r"/subscription/sync/.*", re.DOTALL)
_BULK_PATH = re.compile(r"/v1/databases/[^/]+/profiles/bulk")


def register_admission(app: Flask) -> None:
    """Check each request before it reaches a view, and let pages of a site read each answer."""
    app.before_request(_admit)
    app.after_request(_share_with_page)


def _admit() -> Response | None:
    path = _PAGE_PATH.fullmatch(request.path)
    g.body_cap = PAGE_BODY if path else _cap_of_back_end()
    request.max_content_length = g.body_cap + 1  # Werkzeug cuts a chunked body off there, in silence
    if path:
        g.site = _find_site(path["token"])
        if g.site is not None:
            g.shared_with = _allowed_origin(g.site)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return _answer_preflight()
        if g.site is None:
            raise NotFound("site_not_found", "No site has this token: copy it from `sitebell sites list`.")
    if (request.content_length or 0) > g.body_cap:
        raise RequestEntityTooLarge
    return None


def read_body() -> bytes:
    """Return the request's body; a second call returns it again.

    Raises:
        RequestEntityTooLarge: it is over the cap, whatever length it announced.
    """
    body = request.get_data(cache=True)
    if len(body) > g.body_cap:
        raise RequestEntityTooLarge
    return body


def _cap_of_back_end() -> int:
    if _takes_lines():
        return BULK_BODY
    is_sync_by_id = _SYNC_PATH.fullmatch(request.path) and "Authorization" not in request.headers
    if is_sync_by_id or _BY_ID_PATH.fullmatch(request.path):
        return PAGE_BODY
    return LISTS_BODY if request.path == _LISTS_PATH else API_BODY


def _takes_lines() -> bool:
    return request.mimetype == NDJSON and _BULK_PATH.fullmatch(request.path) is not None


def _find_site(token: str) -> Site | None:
    with store().reading() as session:
        site = find_site(session, token)
    if site is not None:
        return site
    g.shared_with = "*"  # the same answer for everyone, so that a page with a mistyped token can read why
    return None


def _allowed_origin(site: Site) -> str | None:
    """Return the page's origin when it is one of the site's, None when the request names none."""
    origin = request.headers.get("Origin")
    if origin is None or origin in site.origin_names:
        return origin
    seen = f"Pages of {origin[:300]} may not" if origin != "null" else "A page without an origin (null) may not"
    sentence = f"{seen} speak for this site: its origins are set with `sitebell sites set`."
    raise SitebellError("origin_not_allowed", sentence, 403)


def _answer_preflight() -> Response:
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "GET, PUT, POST"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return response


def _share_with_page(response: Response) -> Response:
    if _PAGE_PATH.fullmatch(request.path):
        response.vary.add("Origin")
        if g.get("shared_with"):
            response.headers["Access-Control-Allow-Origin"] = g.shared_with
            response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return response
