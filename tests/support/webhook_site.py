"""A site with webhooks, reached over HTTP: what its back end and its browsers do, and what is stored of it."""

import json
from typing import Any

from sqlalchemy import func, select

from sitebell.app import create_app
from sitebell.config import load_config
from sitebell.models import Webhook, WebhookEvent
from support.installation import Installation
from support.push_service.subscriber import Subscriber
from support.web_application import Json, parts


class WebhookSite:
    """The site of an installation; its application goes by the installation's stopped clock."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._app = create_app(load_config(installation.settings), clock=installation.clock)
        self.client = self._app.test_client()
        self.page = f"/v1/sites/{installation.site.token}"

    def close(self) -> None:
        """Close the application's database."""
        parts(self._app).store.close()

    def call(self, method: str, path: str, body: Json | None = None, status: int = 200) -> Any:
        """Call a route below /v1/webhooks as the site's back end; return what it answers with this status."""
        headers = {"Authorization": f"Bearer {self.installation.api_key}"}
        answer = self.client.open(f"/v1/webhooks{path}", method=method, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def create(self, url: str, *events: str) -> Json:
        """Make a webhook, for all events unless some are named."""
        made: Json = self.call("POST", "", {"url": url} | ({"events": list(events)} if events else {}), 201)
        return made

    def log(self, webhook: Json) -> list[Json]:
        """Return the delivery log, the newest call first."""
        calls: list[Json] = self.call("GET", f"/{webhook['id']}/calls")["calls"]
        return calls

    def subscribe(self, device: Subscriber, **body: Any) -> str:
        """Subscribe a browser from the page; return its hash."""
        answer = self.client.put(f"{self.page}/subscription", json={"subscription": proof(device), **body})
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json["subscriber_hash"])  # type: ignore[index]

    def unsubscribe(self, device: Subscriber) -> None:
        """Unsubscribe a browser from the page."""
        answer = self.client.post(f"{self.page}/subscription/unsubscribe", json={"subscription": proof(device)})
        assert answer.status_code == 200, answer.text

    def report(self, device: Subscriber, kind: str, *, seconds: int = 0, **members: Any) -> None:
        """Report of the last push of a device that it was shown, clicked or closed, some seconds from now."""
        shown = json.loads(device.decrypt(device.messages[-1]))["notification"]
        receipt = shown["data"]["sitebell"]["receipt"]
        at = int(self.installation.clock().timestamp() + seconds) * 1000
        event = {"type": kind, "receipt": receipt, "at": at, **members}
        answer = self.client.post(f"{self.page}/events", json={"events": [event]})
        assert answer.status_code == 200, answer.text

    def new_device(self) -> Subscriber:
        """Return a browser that the site does not know yet."""
        return self.installation.push.add_subscriber(self.installation.vapid_public_key)

    def waiting(self) -> int:
        """Return how many events wait to become a call."""
        with self.installation.store.reading() as session:
            return session.scalar(select(func.count()).select_from(WebhookEvent)) or 0

    def stored_secrets(self) -> bytes:
        """Return what the database holds of all secrets."""
        with self.installation.store.reading() as session:
            rows = session.scalars(select(Webhook)).all()
        return b"".join(row.secret + (row.previous_secret or b"") for row in rows)


def proof(device: Subscriber) -> Json:
    """Return a browser's subscription as the page sends it."""
    return {"endpoint": device.endpoint, "keys": {"p256dh": device.p256dh, "auth": device.auth}}
