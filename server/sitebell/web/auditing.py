"""Writes into the audit log what an API key did."""

from flask import request
from sqlalchemy.orm import Session

from sitebell.services.audit import Action, Actor, record
from sitebell.services.limits import network_of
from sitebell.web.api_keys import sender_key
from sitebell.web.context import now, vault


def audit(session: Session, action: Action, subject: str = "") -> None:
    """Write down an act of this request's API key; last in its transaction."""
    key = sender_key()
    actor = Actor(f"key:{key.id}", network_of(request.remote_addr or "") or "")
    record(session, vault(), action, actor=actor, site_id=key.site_id, subject=subject, now=now())
