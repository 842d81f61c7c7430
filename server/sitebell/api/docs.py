"""The page at /docs that shows the OpenAPI document, with a vendored RapiDoc: it loads nothing from elsewhere."""

import functools
import gzip
from pathlib import Path

from flask import Blueprint, Response, abort, request

HERE = Path(__file__).parent
FILES = {
    "page.css": (HERE / "docs_page" / "page.css", "text/css"),
    "page.js": (HERE / "docs_page" / "page.js", "text/javascript"),
    "bell.svg": (HERE / "docs_page" / "bell.svg", "image/svg+xml"),
    "rapidoc.js": (HERE / "vendor" / "rapidoc" / "rapidoc-min.js", "text/javascript"),
}
SOURCE_MAP = b"//# sourceMappingURL=rapidoc-min.js.map"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

docs = Blueprint("docs", __name__)


@docs.get("/docs")
def show_docs() -> Response:
    """Show the HTTP API to people. Styles are inline because RapiDoc writes them so; scripts are not."""
    response = Response((HERE / "docs_page" / "index.html").read_bytes(), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    return response


@docs.get("/docs/<name>")
def get_file(name: str) -> Response:
    """Serve a file of the page."""
    if name not in FILES:
        abort(404)
    body, packed = _load(name)
    response = Response(body, content_type=f"{FILES[name][1]}; charset=utf-8")
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(packed)
        response.content_encoding = "gzip"
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response


@functools.cache
def _load(name: str) -> tuple[bytes, bytes]:
    """Return a file as it is and gzipped, without the pointer to a source map that we do not ship."""
    body = FILES[name][0].read_bytes().replace(SOURCE_MAP, b"")
    return body, gzip.compress(body, mtime=0)
