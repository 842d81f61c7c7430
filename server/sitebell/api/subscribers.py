"""What a site's back end does with a browser whose hash it knows: check it, unsubscribe, suspend and resume it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sitebell.api.subscriber_schemas import CheckAnswer, CheckBody, SubscriberAnswer, show_subscriber
from sitebell.models import Subscription
from sitebell.services.binding.enrollments import lift_suspension, suspend
from sitebell.services.subscribers import check_subscribers, get_subscriber, read_subscriber
from sitebell.services.subscriptions.lifecycle import unsubscribe
from sitebell.web.api_keys import SECURITY, needs, sender_site
from sitebell.web.context import now, store
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.routes import Routes
from sitebell.web.schemas import EXAMPLE_HASH

subscribers = Routes(
    "subscribers",
    __name__,
    url_prefix="/v1/subscribers",
    description="Browsers by their hashes.",
)


@subscribers.route("/check", methods=["POST"])
@subscribers.doc(security=SECURITY)
@needs("read")
@subscribers.arguments(CheckBody, example={"subscriber_hashes": [EXAMPLE_HASH]})
@subscribers.response(200, CheckAnswer)
@subscribers.fails(*API_KEY, *BODY)
def post_check(body: dict[str, Any]) -> dict[str, Any]:
    """Say of up to 1,000 hashes which the site knows, and whether they are subscribed."""
    hashes = body["subscriber_hashes"]
    with store().reading() as session:
        found = check_subscribers(session, sender_site(), hashes)
    rows = [{"subscriber_hash": text, "known": text in found, "status": found.get(text)} for text in hashes]
    return {"subscribers": rows}


@subscribers.route("/<subscriber_hash>", methods=["GET"])
@subscribers.doc(security=SECURITY)
@needs("read")
@subscribers.response(200, SubscriberAnswer)
@subscribers.fails(*API_KEY, "subscriber_not_found")
def show_one(subscriber_hash: str) -> dict[str, Any]:
    """Look at a subscriber: its status, whose browser it is now, and its topics."""
    with store().reading() as session:
        subscription = get_subscriber(session, sender_site(), subscriber_hash)
        return show_subscriber(read_subscriber(session, sender_site(), subscription))


@subscribers.route("/<subscriber_hash>/unsubscribe", methods=["POST"])
@subscribers.doc(security=SECURITY)
@needs("manage")
@subscribers.response(200, SubscriberAnswer)
@subscribers.fails(*API_KEY, "subscriber_not_found")
def post_unsubscribe(subscriber_hash: str) -> dict[str, Any]:
    """End a subscription, as its visitor would; only the visitor's wish to subscribe brings it back."""
    return _change(subscriber_hash, _end)


@subscribers.route("/<subscriber_hash>/suspend", methods=["POST"])
@subscribers.doc(security=SECURITY)
@needs("manage")
@subscribers.response(200, SubscriberAnswer)
@subscribers.fails(*API_KEY, "subscriber_not_found")
def post_suspend(subscriber_hash: str) -> dict[str, Any]:
    """Send nothing to a subscriber until it is resumed; a pause of its visitor's goes on beneath it."""
    return _change(subscriber_hash, suspend)


@subscribers.route("/<subscriber_hash>/resume", methods=["POST"])
@subscribers.doc(security=SECURITY)
@needs("manage")
@subscribers.response(200, SubscriberAnswer)
@subscribers.fails(*API_KEY, "subscriber_not_found")
def post_resume(subscriber_hash: str) -> dict[str, Any]:
    """Lift the suspension by `suspend`, and no other."""
    return _change(subscriber_hash, lift_suspension)


def _end(session: Session, subscription: Subscription, moment: datetime) -> None:
    unsubscribe(session, subscription, moment, reason="unsubscribed by the site")


def _change(subscriber_hash: str, change: Callable[[Session, Subscription, datetime], None]) -> dict[str, Any]:
    """Change a locked subscription and show where it stands then."""
    with store().writing() as session:
        subscription = get_subscriber(session, sender_site(), subscriber_hash, lock=True)
        change(session, subscription, now())
        return show_subscriber(read_subscriber(session, sender_site(), subscription))
