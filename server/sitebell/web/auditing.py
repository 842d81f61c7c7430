"""Writes into the audit log what an API key did."""

from flask import g, request
from sqlalchemy.orm import Session

from sitebell.services.audit import Action, Actor, record
from sitebell.services.limits import network_of
from sitebell.web.api_keys import sender_site
from sitebell.web.context import now, vault


def audit(session: Session, action: Action, subject: str = "") -> None:
    """Write down an act of this request's API key; last in its transaction."""
    actor = Actor(f"key:{g.api_key_id}", network_of(request.remote_addr or "") or "")
    record(session, vault(), action, actor=actor, site_id=sender_site().id, subject=subject, now=now())
