"""The page behind the link of a double opt-in: opening it changes nothing, its button does."""

import base64
import hashlib
import html

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from sitebell.errors import NotFound, SitebellError
from sitebell.models import Site, SubscriptionStatus
from sitebell.services.binding.enrollments import is_unconfirmed
from sitebell.services.confirmations import confirm, read_confirmation
from sitebell.services.sites import find_site
from sitebell.web.context import now, store, vault

STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;background:light-dark(#fbfaf7,#14171f);color:light-dark(#1d2433,#eef0f4);font:17px/1.5 sans-serif}"
    "main{max-width:34rem;margin:auto;padding:64px 20px}"
    "button{font:inherit;padding:12px 20px;border:0;border-radius:6px;cursor:pointer;"
    "background:light-dark(#8f5510,#e3aa5a);color:light-dark(#fff,#14171f)}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
BUTTON = '<form method="post"><button>Yes, confirm {email}</button></form>'

confirming = Blueprint("confirming", __name__)


@confirming.get("/confirm/<site_token>/<token>")
def ask(site_token: str, token: str) -> Response:
    """Ask the owner of an address whether it is theirs and they want this."""
    try:
        with store().reading() as session:
            site = _find_site(session, site_token)
            row = read_confirmation(session, vault(), site, token, now())
            if not is_unconfirmed(session, row) and row.status == SubscriptionStatus.SUBSCRIBED:
                return _show(f"{row.address} is confirmed for {site.name}.")
            return _show(f"{site.name} would like to write to {row.address}.", BUTTON.format(email=_safe(row.address)))
    except SitebellError as error:
        return _refuse(error)


@confirming.post("/confirm/<site_token>/<token>")
def answer(site_token: str, token: str) -> Response:
    """Confirm the address."""
    try:
        with store().writing() as session:
            site = _find_site(session, site_token)
            row = confirm(session, vault(), site, token, now())
            return _show(f"{row.address} is confirmed for {site.name}. Thank you.")
    except SitebellError as error:
        return _refuse(error)


def _find_site(session: Session, token: str) -> Site:
    site = find_site(session, token)
    if site is None:
        raise NotFound("site_not_found", "There is no such site.")
    return site


def _show(sentence: str, button: str = "", status: int = 200) -> Response:
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>Confirm</title><style>{STYLE}</style><main><p>{_safe(sentence)}</p>{button}</main></html>\n"
    )
    response = Response(page, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-store"
    return response


def _refuse(error: SitebellError) -> Response:
    return _show(error.message, status=error.status)


def _safe(text: str) -> str:
    return html.escape(text)
