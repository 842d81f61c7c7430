"""The delivery log of a webhook: looked at, tried again, tried out."""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, NotFound
from sitebell.models import CallState, Site, Webhook, WebhookCall
from sitebell.services.webhooks.calls import add_call
from sitebell.services.webhooks.telling import show_moment

_PUBLIC_ID = re.compile(r"msg_[0-9a-f]{24}")


def list_calls(session: Session, webhook: Webhook, *, limit: int, before: int = 0) -> Sequence[WebhookCall]:
    """Return calls, the newest first; with `before` those older than the call of that id."""
    query = select(WebhookCall).where(WebhookCall.webhook_id == webhook.id)
    if before:
        query = query.where(WebhookCall.id < before)
    return session.scalars(query.order_by(WebhookCall.id.desc()).limit(limit)).all()


def get_call(session: Session, webhook: Webhook, public_id: str, *, for_update: bool = False) -> WebhookCall:
    """Return a call of this webhook.

    Raises:
        NotFound: `webhook_call_not_found`.
    """
    query = select(WebhookCall).where(WebhookCall.webhook_id == webhook.id, WebhookCall.public_id == public_id)
    query = query.with_for_update() if for_update else query
    is_possible = _PUBLIC_ID.fullmatch(public_id)  # PostgreSQL would refuse NUL with an error of its own
    call = session.scalars(query).one_or_none() if is_possible else None
    if call is None:
        raise NotFound("webhook_call_not_found", "This webhook has no call with this id.")
    return call


def retry_call(session: Session, webhook: Webhook, public_id: str, now: datetime) -> WebhookCall:
    """Make a call due now, with the same id; one that was given up gets one more attempt.

    Raises:
        NotFound: `webhook_call_not_found`.
        Conflict: `webhook_disabled`, or `webhook_call_erased`: nothing is left to tell.
    """
    _check_enabled(webhook)
    call = get_call(session, webhook, public_id, for_update=True)
    if not call.body:
        raise Conflict("webhook_call_erased", "What this call told was erased.")
    call.state, call.due_at, call.finished_at = CallState.RETRYING, now, None
    session.flush()
    return call


def send_test(session: Session, site: Site, webhook: Webhook, now: datetime) -> WebhookCall:
    """Queue a call with a single event of the type `test`.

    Raises:
        Conflict: `webhook_disabled`.
    """
    _check_enabled(webhook)
    event = {"id": f"evt_{secrets.token_hex(12)}", "type": "test", "at": show_moment(now), "site": site.token}
    return add_call(session, webhook, [{"subscription_id": None, "event": event}], now)


def show_call(call: WebhookCall) -> dict[str, Any]:
    """Return what the delivery log says of a call."""
    return {
        "id": call.public_id,
        "created_at": call.created_at,
        "events": len(call.body),
        "attempts": call.attempts,
        "state": call.state,
        "http_status": call.http_status,
        "due_at": call.due_at,
        "reason": call.reason,
        "finished_at": call.finished_at,
    }


def _check_enabled(webhook: Webhook) -> None:
    if not webhook.is_enabled:
        raise Conflict("webhook_disabled", "This webhook is switched off: switch it on first.")
