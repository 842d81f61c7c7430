"""Push events: a gateway reports them with the API key, a browser with the links that came with the push."""

import re
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from sitebell.compat.altcraft.account import TOKEN_IN_BODY
from sitebell.compat.altcraft.envelope import AltcraftAnswer, altcraft, done
from sitebell.compat.bodies import Body
from sitebell.compat.sites import get_speaking_site, speaking_sites
from sitebell.errors import Invalid
from sitebell.models import Dialect, EventType, Site
from sitebell.services import limits
from sitebell.services.events import Report, record_events
from sitebell.services.visitors.facts import NOBODY, Visitor
from sitebell.web.api_keys import needs
from sitebell.web.context import now, store, vault
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.quotas import spend
from sitebell.web.strict_fields import Whole, text
from sitebell.web.visitor import read_visitor

DELIVERED, OPENED, BOTH = 1, 2, 3
MEANINGS = {
    DELIVERED: (EventType.SHOWN,),
    OPENED: (EventType.CLICKED,),
    BOTH: (EventType.SHOWN, EventType.CLICKED),
}
_LINK = re.compile(r"/(?P<site>[0-9A-Za-z_-]{1,32})/(?P<receipt>[0-9A-Za-z_=-]{1,200})/(?P<events>[123])")


class AltcraftEventsBody(Body):
    """What became of one push, which its receipt names."""

    token = text(200, required=True)
    events = Whole(DELIVERED, BOTH, required=True, metadata={"description": "1 delivered, 2 opened, 3 both."})
    uid = text(200, required=True, metadata={"description": "The receipt of the push."})


@altcraft.route("/api/v1.1/pushes/post_events", methods=["POST"])
@needs("send", credential=TOKEN_IN_BODY)
@altcraft.arguments(
    AltcraftEventsBody, example={"token": "0123456789abcdef0123456789abcdef", "events": DELIVERED, "uid": "Q2x…"}
)
@altcraft.response(200, AltcraftAnswer)
@altcraft.fails(*API_KEY, *BODY, "site_not_found")
def post_events(body: dict[str, Any]) -> dict[str, Any]:
    """Report that a push was delivered, which is counted as shown, or opened, which is counted as clicked.

    Each is counted once; a receipt that is forged or expired changes nothing.
    """
    with store().writing() as session:
        for site in speaking_sites(Dialect.ALTCRAFT):  # the receipt is one site's, and says nothing to the others
            _record(session, site, body["uid"], body["events"], NOBODY)
    return done()


@altcraft.route("/api/v1.1/pushes/crypto_post_events", methods=["GET"])
@altcraft.response(200, AltcraftAnswer)
@altcraft.fails("site_not_found", "invalid", "rate_limited")
def follow_hub_link() -> dict[str, Any]:
    """Take a push's `hub_link`: `?/SITE/RECEIPT/1` is its `ack`, with 2 at its end it is its `open`.

    The receipt is the credential; what it does not open changes nothing.
    """
    link = _LINK.fullmatch(request.query_string.decode("ascii", "replace"))
    if link is None:
        raise Invalid("invalid", "The link is not one that came with a push: ?/SITE/RECEIPT/1, 2 or 3.")
    with store().reading() as session:
        site = get_speaking_site(session, Dialect.ALTCRAFT, link["site"])
    spend(site, limits.EVENTS)
    events = int(link["events"])
    visitor = read_visitor() if events != DELIVERED else NOBODY
    with store().writing() as session:
        _record(session, site, link["receipt"], events, visitor)
    return done()


def _record(session: Session, site: Site, receipt: str, events: int, visitor: Visitor) -> None:
    reports = [
        Report(type=kind, receipt=receipt, address=None, at=None, action=None, data=None) for kind in MEANINGS[events]
    ]
    record_events(session, vault(), site, reports, now(), visitor)
