"""The demo: a site on its own page, for this machine only. It is registered by `sitebell demo` and by nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, render_template_string, request, send_from_directory
from sqlalchemy.orm import Session

from sitebell.config import Config, is_loopback
from sitebell.db import sqlite_file
from sitebell.errors import NotFound, SitebellError
from sitebell.models import Site
from sitebell.services.keys import list_api_keys, revoke_api_key
from sitebell.services.messages.lifecycle import NewMessage, count_deliveries, create_message, get_message
from sitebell.services.sites import LOCAL_HOSTS, create_site, get_site, list_sites, set_origins
from sitebell.services.vault import Vault
from sitebell.web.context import config, now, store, vault
from sitebell.web.routes import BodyParser
from sitebell.web.schemas import Strict
from sitebell.web.strict_fields import Whole, check_title, text

NAME = "sitebell-demo"
SITE_NAME = "Demo"
PAGE = "index.html"
TTL_SECONDS = 3600
LONGEST_DELAY = 60
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

demo = Blueprint(NAME, __name__)
parser = BodyParser()


@dataclass(frozen=True)
class DemoSite:
    """Where the demo is served: the site's public token, the folder of its files, the origins of its page."""

    token: str
    folder: Path
    origins: tuple[str, ...]


class SendBody(Strict):
    """What the visitor of the demo page wants to be sent; `delay` in seconds."""

    subscriber_hash = text(64, required=True)
    title = text(80, load_default="The bell rings", validate=[check_title])
    body = text(180, minimum=0, load_default="Sent by your own server, shown by your browser.")
    delay = Whole(0, LONGEST_DELAY, load_default=0)


def register(app: Flask) -> None:
    """Find or create the demo site and add its routes to an application whose parts are installed."""
    with app.app_context():
        origins = _origins(cast("Config", config()).port)
        with store().writing() as session:
            site = _find_or_create_site(session, vault(), origins, now())
            app.extensions[NAME] = DemoSite(site.token, demo_folder(), origins)
    app.register_blueprint(demo)


def demo_folder() -> Path:
    """Return where the files of the demo are: in the checkout, else in the wheel."""
    package = Path(__file__).parent
    in_checkout = package.parents[1] / "examples" / "demo"
    return in_checkout if (in_checkout / PAGE).is_file() else package / "_demo"


def steps(settings: Config) -> str:
    """Return what `sitebell demo` prints when it starts."""
    file = sqlite_file(settings.database_url)
    database = f"in {file}" if file else "in the database that SITEBELL_DATABASE_URL names"
    return f"""
Sitebell demo

  1. Open   {_origins(settings.port)[0]}/ in your browser
  2. Press  Subscribe, and choose Allow when the browser asks
  3. Press  Send me one
  4. Click  the notification when it arrives; the page shows what became of it

Ctrl-C stops everything. Data is kept {database},
the key that protects its secrets in {settings.master_key_file}.
Your browser receives through the push service of its maker (Google, Mozilla, Apple or Microsoft),
so this machine has to be online. The page answers on this machine only.
"""


@demo.before_request
def refuse_strangers() -> None:
    """Serve this machine and its own page alone; a name that was rebound to this machine is a stranger too.

    Raises:
        SitebellError: `only_local` or `origin_not_allowed` (403).
    """
    origins = _demo().origins
    here = f"http://{request.headers.get('Host', '').lower()}"
    if not is_loopback(request.remote_addr or "") or here not in origins:
        raise SitebellError("only_local", f"The demo answers on its own machine only: open {origins[0]}/ there.", 403)
    origin = request.headers.get("Origin")
    if origin != here and (origin is not None or request.method not in ("GET", "HEAD")):
        raise SitebellError("origin_not_allowed", f"Only the demo's own page may do this: open {origins[0]}/.", 403)


@demo.after_request
def protect(response: Response) -> Response:
    """Keep other pages from embedding anything of the demo."""
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@demo.get("/")
def page() -> Response:
    """Show the page, with the public token in it and no other credential."""
    source = (_demo().folder / PAGE).read_text()
    html = render_template_string(source, site_token=_demo().token, base_url=config().base_url)
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}
    return Response(html, mimetype="text/html", headers=headers)


@demo.get("/bell-worker.js")
def worker() -> Response:
    """Serve the one line that a site's worker file needs."""
    line = f"importScripts('{config().base_url}/sdk/v1/worker.js?site={_demo().token}');\n"
    return Response(line, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@demo.get("/demo/<path:name>")
def file(name: str) -> Response:
    """Serve a file of the page."""
    if name == PAGE:
        raise NotFound("not_found", "The page itself is at /.")
    return send_from_directory(_demo().folder, name)


@demo.post("/demo/send")
@parser.use_args(SendBody(), location="json")
def send(wish: dict[str, Any]) -> tuple[dict[str, str], int]:
    """Send a message to the visitor, as the back end of a site would by `POST /v1/messages` and its API key."""
    moment = now()
    new = NewMessage(
        audience={"subscriber_hashes": [wish["subscriber_hash"]]},
        notification=_notification(wish, request.headers["Origin"]),
        ttl=TTL_SECONDS,
        urgency="high",
        send_at=moment + timedelta(seconds=wish["delay"]),
    )
    with store().writing() as session:
        message, _ = create_message(session, get_site(session, _demo().token), new, now=moment)
    return {"id": message.public_id}, 202


@demo.get("/demo/messages/<message_id>")
def progress(message_id: str) -> dict[str, Any]:
    """Tell how a message of the demo fares."""
    with store().reading() as session:
        message = get_message(session, get_site(session, _demo().token), message_id)
        return {"id": message.public_id, "status": message.status, "counts": count_deliveries(session, message)}


def _demo() -> DemoSite:
    return cast("DemoSite", current_app.extensions[NAME])


def _origins(port: int) -> tuple[str, ...]:
    return tuple(f"http://{host}" if port == 80 else f"http://{host}:{port}" for host in LOCAL_HOSTS)


def _find_or_create_site(session: Session, sealing: Vault, origins: tuple[str, ...], moment: datetime) -> Site:
    for site in list_sites(session):
        if site.name == SITE_NAME and all(_is_local(origin) for origin in site.origin_names):
            set_origins(site, origins)  # the port may be another one today
            return site
    made = create_site(session, sealing, name=SITE_NAME, origins=origins, database_id=None, now=moment)
    for key in list_api_keys(session, made.site):
        revoke_api_key(session, made.site, key.id, moment)  # nobody knows it and the demo needs none
    return made.site


def _notification(wish: dict[str, Any], origin: str) -> dict[str, Any]:
    return {
        "title": wish["title"],
        "body": wish["body"],
        "url": f"{origin}/",
        "icon": f"{origin}/demo/icons/icon-192.png",
        "badge": f"{origin}/demo/icons/badge-96.png",
    }


def _is_local(origin: str) -> bool:
    host = urlsplit(origin).hostname or ""
    return (f"[{host}]" if ":" in host else host) in LOCAL_HOSTS
