"""The back end of a site that came from PushEngage: its old key, its old calls, and browsers of its pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select, update

from sitebell.models import Delivery, DeliveryState, Dialect, Message, Subscription
from sitebell.services.delivery.planner import plan_batch
from sitebell.services.sites import NewSite, get_site, set_time_zone
from support.dialects import adopt, speak
from support.shop import Shop
from support.web_application import Json, parts

KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
CONTENT = {
    "notification_title": "The shop is open",
    "notification_message": "Fresh bread from 7 to 12.",
    "notification_url": "https://www.example.com/bread",
}


class PushEngageOffice(Shop):
    """Calls /apiv1 as the vendor's documentation teaches: the key in `api_key`, bodies as forms."""

    def __init__(self, app: Flask, site: NewSite) -> None:
        super().__init__(app, site)
        speak(app, site, Dialect.PUSHENGAGE)
        adopt(app, site, Dialect.PUSHENGAGE, api_key=KEY, app_id="7b14db88-ec93-7f14", segment="4711=bread")
        self.vendor_headers = {"api_key": KEY}

    def post(self, path: str, form: Mapping[str, Any], **more: Any) -> tuple[int, Json]:
        """Send a form, in which lists are written `name[]`; return status and answer."""
        fields = {f"{name}[]" if isinstance(value, list) else name: value for name, value in {**form, **more}.items()}
        answer = self.client.post(
            f"/apiv1{path}",
            data=urlencode(fields, doseq=True),
            content_type="application/x-www-form-urlencoded",
            headers=self.vendor_headers,
        )
        return answer.status_code, dict(answer.json or {})

    def get(self, path: str, **query: Any) -> tuple[int, Json]:
        """Ask; return status and answer."""
        answer = self.client.get(f"/apiv1{path}", query_string=query, headers=self.vendor_headers)
        return answer.status_code, dict(answer.json or {})

    def notify(self, **more: Any) -> Json:
        """Send a notification that must be taken; return the message as our own API shows it."""
        status, answer = self.post("/notifications", CONTENT, **more)
        assert (status, answer["success"]) == (200, True), answer
        return self.message(answer["notification_id"])

    def message(self, message_id: str) -> Json:
        """Return a message as our own API shows it."""
        return self.ask("GET", f"/v1/messages/{message_id}")

    def recipients(self, **targets: Any) -> set[str]:
        """Send a notification; return the hashes of at most ten browsers that it goes to."""
        return self.reached(self.notify(**targets)["audience"])

    def live_in(self, time_zone: str) -> None:
        """Do what `sitebell sites set --time-zone` does."""
        with parts(self.app).store.writing() as session:
            set_time_zone(get_site(session, self.site.site.token), time_zone)

    def describe_browser(self, subscriber_hash: str, **facts: Any) -> None:
        """Let a browser be of another kind or elsewhere."""
        with parts(self.app).store.writing() as session:
            mine = update(Subscription).where(Subscription.subscriber_hash == subscriber_hash)
            session.execute(mine.values(**facts))

    def deliver(self, message_id: str, *, shown: int, clicked: int, at: datetime) -> None:
        """Let a message go out: all accept it, some show it, and of these some click."""
        with parts(self.app).store.writing() as session:
            while plan_batch(session, at):
                pass
            mine = select(Delivery).join(Message, Message.id == Delivery.message_id)
            mine = mine.where(Message.public_id == message_id).order_by(Delivery.subscription_id)
            for number, delivery in enumerate(session.scalars(mine)):
                delivery.state = DeliveryState.ACCEPTED
                delivery.shown_at = at if number < shown else None
                delivery.clicked_at = at if number < clicked else None


@pytest.fixture
def pushengage(app: Flask, site: NewSite) -> PushEngageOffice:
    """A site that left PushEngage."""
    return PushEngageOffice(app, site)
