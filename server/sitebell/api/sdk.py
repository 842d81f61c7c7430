"""What a page loads by its script tag, and a worker by its one line: the SDK, from this server."""

from typing import cast

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState

from sitebell.api.bundles import (
    SENTENCES,
    TYPES,
    Script,
    build_scripts,
    config_line,
    encode,
    find_guide,
    find_sdk_folder,
)
from sitebell.api.sdk_guide import POLICY, render_guide
from sitebell.models import Dialect
from sitebell.services.dialects import Words, find_speaking_site
from sitebell.services.sites import find_site
from sitebell.version import __version__
from sitebell.web.context import config, store

JAVASCRIPT = "text/javascript; charset=utf-8"
AN_HOUR = "public, max-age=3600"
NEVER_STALE = "no-cache"  # kept, but asked for each time: a worker that cannot be replaced would be for ever

_NAME = "sitebell_sdk"

sdk = Blueprint("sdk", __name__)


@sdk.record_once
def _build(state: BlueprintSetupState) -> None:
    state.app.extensions[_NAME] = build_scripts(find_sdk_folder(), __version__)


@sdk.get("/sdk/v1/sitebell.js")
def get_page_script() -> Response:
    """Send the page SDK, minified."""
    return _send(_script("sitebell.js").minified, AN_HOUR)


@sdk.get("/sdk/v1/sitebell.src.js")
def get_page_source() -> Response:
    """Send the page SDK as it can be read."""
    return _send(_script("sitebell.js").source, AN_HOUR)


@sdk.get("/sdk/v1/worker.js")
def get_worker_script() -> Response:
    """Send the worker, minified, with the config of the site that the query names."""
    return _send(_config() + _script("worker.js").minified, NEVER_STALE)


@sdk.get("/sdk/v1/worker.src.js")
def get_worker_source() -> Response:
    """Send the worker as it can be read, with the same config."""
    return _send(_config() + _script("worker.js").source, NEVER_STALE)


def get_facade_script(dialect: Dialect) -> Response:
    """Send the page SDK with the facade of a vendor, minified, for the site that the query names in either's words."""
    return _send_facade(dialect, _script(f"{dialect}.js").minified)


def get_facade_source(dialect: Dialect) -> Response:
    """Send the same as it can be read."""
    return _send_facade(dialect, _script(f"{dialect}.js").source)


for _dialect in Dialect:
    _names = {"dialect": _dialect}
    sdk.add_url_rule(f"/sdk/v1/{_dialect}.js", f"{_dialect}_script", get_facade_script, defaults=_names)
    sdk.add_url_rule(f"/sdk/v1/{_dialect}.src.js", f"{_dialect}_source", get_facade_source, defaults=_names)


@sdk.get("/sdk/v1/sitebell.d.ts")
def get_types() -> Response:
    """Send the TypeScript declarations of the page SDK."""
    return _send((find_sdk_folder() / TYPES).read_text(), AN_HOUR, "text/plain; charset=utf-8")


@sdk.get("/sdk/v1/errors.json")
def get_sentences() -> Response:
    """Send what the page SDK says of each of its errors, by code: it asks once a page has one."""
    return _send((find_sdk_folder() / SENTENCES).read_text(), AN_HOUR, "application/json")


@sdk.get("/docs/sdk")
def show_guide() -> Response:
    """Show what the SDK's error codes mean; each error links here."""
    response = _send(render_guide(find_guide().read_text()), NEVER_STALE, "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _script(name: str) -> Script:
    return cast("dict[str, Script]", current_app.extensions[_NAME])[name]


def _config() -> str:
    """Return the worker's config line; the token is there only if a site has it."""
    with store().reading() as session:
        known = find_site(session, request.args.get("site", ""))
    return config_line(config().base_url, known.token if known else None)


def _send_facade(dialect: Dialect, script: str) -> Response:
    """Send a facade behind its config line; token and ids are there only if the site speaks the dialect.

    A site that does not speak it yet may do so in a minute, so that this answer is asked for anew each time.
    """
    wanted = request.args.get("site", "")
    with store().reading() as session:
        known = find_speaking_site(session, dialect, wanted)
        words = Words.of_site(session, known, dialect) if known else Words({})
    token = known.token if known else None
    told = {"dialect": dialect, "ids": words.for_pages(), "topics": words.topics_for_pages()}
    line = config_line(config().base_url, token, **told)
    return _send(line + script, AN_HOUR if known else NEVER_STALE)


def _send(text: str, caching: str, content_type: str = JAVASCRIPT) -> Response:
    coding = _best_coding()
    encoded = encode(text, coding)
    response = Response(encoded.body, content_type=content_type)
    response.set_etag(encoded.etag)
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = caching
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if coding != "identity":
        response.headers["Content-Encoding"] = coding
    response.make_conditional(request)
    return response


def _best_coding() -> str:
    accepted = request.accept_encodings
    return next((coding for coding in ("br", "gzip") if accepted.quality(coding) > 0), "identity")
