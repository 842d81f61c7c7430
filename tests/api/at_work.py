"""What a worker leaves behind: a delivery that was accepted, and that it was seen just now."""

from flask import Flask

from sitebell.clock import Clock
from sitebell.models import Delivery, DeliveryState, WorkerHeartbeat
from sitebell.services.delivery.planner import plan_batch
from sitebell.services.messages.lifecycle import get_message
from sitebell.services.receipts import Receipts
from sitebell.services.sites import NewSite
from sitebell.services.subscriptions.lifecycle import parse_address, prove_subscription
from support.web_application import Json, parts


def accepted_receipt(app: Flask, site: NewSite, subscribed: Json, message_id: str, clock: Clock) -> str:
    """Let the browser of a subscription be reached by a message, the only one that waits; return the receipt token."""
    address = parse_address(parts(app).rules, subscribed["endpoint"], **subscribed["keys"])
    with parts(app).store.writing() as session:
        plan_batch(session, clock())
        message = get_message(session, site.site, message_id)
        row = prove_subscription(session, site.site, address)
        delivery = session.get_one(Delivery, (message.id, row.id))
        delivery.state = DeliveryState.ACCEPTED
        return Receipts.of_site(parts(app).vault, site.site).issue(message.id, row.id, message.expires_at)


def let_worker_live(app: Flask) -> None:
    """Write that a worker was seen just now."""
    now = parts(app).clock()
    with parts(app).store.writing() as session:
        session.merge(WorkerHeartbeat(name="worker", started_at=now, seen_at=now))
