"""Sites: their names, their exact origins, the databases that they reach."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid, NotFound
from sitebell.models import Site, SiteOrigin
from sitebell.services.databases import check_name, create_database, get_database, link_database
from sitebell.services.keys import create_api_key
from sitebell.services.vapid_keys import add_vapid_key
from sitebell.services.vault import Vault

TOKEN = re.compile(r"[0-9A-Za-z_-]{1,32}")
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
DEFAULT_PORTS = {"http": 80, "https": 443}
LOCAL_PATH = re.compile(r"(?!//)(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~!$'()*+,;=:@-]*)+")
LONGEST_RETENTION = 3650


@dataclass(frozen=True)
class NewSite:
    """What `sites create` prints; the API key is in nobody's memory afterwards."""

    site: Site
    api_key: str
    vapid_public_key: str
    database_id: int


def find_site(session: Session, token: str) -> Site | None:
    """Return the site of a public token, or None; what cannot be a token costs no question to the database."""
    if TOKEN.fullmatch(token) is None:  # PostgreSQL would refuse NUL with an error of its own
        return None
    return session.scalars(select(Site).where(Site.token == token)).one_or_none()


def get_site(session: Session, token: str) -> Site:
    """Return the site of a public token.

    Raises:
        NotFound: no site has it.
    """
    site = find_site(session, token)
    if site is None:
        raise NotFound("site_not_found", "No site has this token: copy it from `sitebell sites list`.")
    return site


def list_sites(session: Session) -> Sequence[Site]:
    """Return every site in the order of creation."""
    return session.scalars(select(Site).order_by(Site.id)).all()


def create_site(
    session: Session, vault: Vault, *, name: str, origins: Sequence[str], database_id: int | None, now: datetime
) -> NewSite:
    """Create a site with a VAPID pair, an API key of all scopes and a linked database (a new one unless given).

    Raises:
        Invalid: a name or origin cannot be used.
        NotFound: `database_id` is given and there is no such database.
    """
    site = Site(token=secrets.token_hex(12), name=check_name("site", name), created_at=now, receipt_key=b"")
    session.add(site)
    set_origins(site, origins)
    session.flush()
    site.receipt_key = vault.seal(f"receipt:{site.id}", secrets.token_bytes(32))
    pair = add_vapid_key(session, vault, site, now)
    _, api_key = create_api_key(session, site, name="first key", scopes=("send", "read", "manage"), now=now)
    database = get_database(session, database_id) if database_id else create_database(session, name=site.name, now=now)
    link_database(session, site, database)
    return NewSite(site, api_key, pair.public_key, database.id)


def set_origins(site: Site, origins: Sequence[str]) -> None:
    """Replace the origins of a site.

    Raises:
        Invalid: there is none, or one cannot be used.
    """
    names = list(dict.fromkeys(check_origin(origin) for origin in origins))
    if not names:
        raise Invalid("invalid_origin", "A site needs at least one origin, such as https://www.example.com.")
    known = {origin.origin: origin for origin in site.origins}
    site.origins = [known.get(name) or SiteOrigin(origin=name) for name in names]
    for position, origin in enumerate(site.origins):
        origin.position = position


def set_worker(site: Site, *, path: str | None, scope: str | None) -> None:
    """Say where the site keeps the worker file and below which path it works; None leaves one as it is.

    Raises:
        Invalid: not a path of the site, or the scope is not below the worker's folder (Service Workers, Register).
    """
    path, scope = path or site.worker_path, scope or site.worker_scope
    for value, example in ((path, "/bell-worker.js"), (scope, "/bell/")):
        if len(value) > 500 or not LOCAL_PATH.fullmatch(value):
            raise Invalid("invalid_worker", f"{value!r} is not a plain path on the site: write one such as {example}.")
    folder = path[: path.rindex("/") + 1]
    if path == folder:
        raise Invalid(
            "invalid_worker", f"{path!r} names a folder: name the worker file, such as {folder}bell-worker.js."
        )
    if not scope.startswith(folder):
        raise Invalid("invalid_worker", f"Browsers allow a worker in {folder} only scopes that begin with {folder}.")
    site.worker_path, site.worker_scope = path, scope


def set_retention(site: Site, days: int) -> None:
    """Say for how many days events and deliveries are kept; raises Invalid outside 1 to 3650."""
    if not 1 <= days <= LONGEST_RETENTION:
        raise Invalid("invalid_retention", f"Events can be kept for 1 to {LONGEST_RETENTION} days.")
    site.retention_days = days


def set_time_zone(site: Site, name: str) -> None:
    """Say where the site's clock stands, for what is to happen at a local time; raises Invalid for no IANA name."""
    if name not in available_timezones():
        raise Invalid("invalid_time_zone", f"{name!r} is no time zone: write an IANA name such as Europe/Berlin.")
    site.time_zone = name


def check_origin(origin: str) -> str:
    """Return the exact origin as browsers write it: scheme, host, and a port unless it is the default one.

    Raises:
        Invalid: not an http(s) origin; or http on a host that browsers do not count as secure.
    """
    fault = f"{origin!r} is not an origin: write scheme and host only, such as https://www.example.com"
    try:
        parts = urlsplit(origin)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Invalid("invalid_origin", f"{fault}.") from error
    if parts.scheme not in DEFAULT_PORTS or not host or parts.username or parts.path not in ("", "/"):
        raise Invalid("invalid_origin", f"{fault}.")
    if parts.query or parts.fragment or not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:]+", host):
        raise Invalid("invalid_origin", f"{fault}, international names in their xn-- form.")
    shown = f"[{host}]" if ":" in host else host
    if parts.scheme == "http" and shown not in LOCAL_HOSTS and not host.endswith(".localhost"):
        raise Invalid("invalid_origin", f"{origin!r} is not secure: browsers allow push on https pages only.")
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != DEFAULT_PORTS[parts.scheme] else "")
