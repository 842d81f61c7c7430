"""The webhooks of a site: made, changed, given a new secret, removed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid, NotFound
from sitebell.models import Site, Webhook, WebhookCall, WebhookEvent
from sitebell.services.vault import Vault
from sitebell.services.webhooks.forgetting import delete_calls
from sitebell.services.webhooks.signing import ROTATION, set_new_secret, show_secret
from sitebell.services.webhooks.telling import CONFIRM_EMAIL, TOLD
from sitebell.services.webhooks.urls import parse_webhook_url

USUAL_EVENTS = tuple(TOLD.values())
EVENTS = (*USUAL_EVENTS, CONFIRM_EMAIL)
MOST_WEBHOOKS = 10


def create_webhook(
    session: Session, vault: Vault, site: Site, *, url: str, events: Sequence[str] = (), now: datetime
) -> tuple[Webhook, str]:
    """Make a webhook for these events, or the usual ones, and return its row and its secret, which is shown only now.

    Raises:
        Invalid: `invalid_webhook_url` or `invalid_webhook_event`.
        Conflict: `too_many_webhooks`, since each event is written once for each of them.
    """
    if len(list_webhooks(session, site)) >= MOST_WEBHOOKS:
        raise Conflict("too_many_webhooks", f"A site has at most {MOST_WEBHOOKS} webhooks: remove one first.")
    webhook = Webhook(
        site_id=site.id,
        url=parse_webhook_url(url).url,
        events=_check_events(events or USUAL_EVENTS),
        secret=b"",  # it is sealed for the row's id
        created_at=now,
    )
    session.add(webhook)
    session.flush()
    secret = show_secret(set_new_secret(vault, webhook))
    session.flush()
    return webhook, secret


def list_webhooks(session: Session, site: Site) -> Sequence[Webhook]:
    """Return the webhooks of a site in the order of their making."""
    return session.scalars(select(Webhook).where(Webhook.site_id == site.id).order_by(Webhook.id)).all()


def get_webhook(session: Session, site: Site, webhook_id: int, *, for_update: bool = False) -> Webhook:
    """Return a webhook of this site.

    Raises:
        NotFound: `webhook_not_found`.
    """
    query = select(Webhook).where(Webhook.site_id == site.id, Webhook.id == webhook_id)
    webhook = session.scalars(query.with_for_update() if for_update else query).one_or_none()
    if webhook is None:
        raise NotFound("webhook_not_found", "This site has no webhook with this id.")
    return webhook


def change_webhook(
    session: Session,
    webhook: Webhook,
    *,
    url: str | None = None,
    events: Sequence[str] | None = None,
    is_enabled: bool | None = None,
) -> None:
    """Change what is not None; a webhook that is switched on again begins with a clean slate.

    Raises:
        Invalid: `invalid_webhook_url` or `invalid_webhook_event`.
    """
    if url is not None:
        webhook.url = parse_webhook_url(url).url
    if events is not None:
        webhook.events = _check_events(events)
    if is_enabled and not webhook.is_enabled:
        webhook.failing_since, webhook.disabled_reason = None, ""
    if is_enabled is False and webhook.is_enabled:
        webhook.disabled_reason = "switched off"
    webhook.is_enabled = webhook.is_enabled if is_enabled is None else is_enabled
    session.flush()


def rotate_secret(session: Session, vault: Vault, webhook: Webhook, now: datetime) -> str:
    """Give a webhook a new secret and return it; for 24 hours the one before signs along, and none before that."""
    webhook.previous_secret, webhook.previous_until = webhook.secret, now + ROTATION
    secret = show_secret(set_new_secret(vault, webhook))
    session.flush()
    return secret


def remove_webhook(session: Session, webhook: Webhook) -> None:
    """Remove a webhook with what waits for it and with its log."""
    session.execute(delete(WebhookEvent).where(WebhookEvent.webhook_id == webhook.id))
    delete_calls(session, WebhookCall.webhook_id == webhook.id)
    session.delete(webhook)
    session.flush()


def count_waiting(session: Session, webhook: Webhook) -> int:
    """Return how many events wait for their first call."""
    query = select(func.count()).select_from(WebhookEvent).where(WebhookEvent.webhook_id == webhook.id)
    return session.scalar(query) or 0


def _check_events(events: Sequence[str]) -> list[str]:
    if not events or set(events) - set(EVENTS):
        raise Invalid("invalid_webhook_event", f"A webhook is told one or more of {', '.join(EVENTS)}.")
    return [name for name in EVENTS if name in events]
