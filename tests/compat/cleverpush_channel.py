"""A channel that came from CleverPush: its ids adopted, its private key, and a mailer that is told of confirmations."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from sitebell.models import Dialect, WebhookEvent
from sitebell.services.databases import get_database
from sitebell.services.fields.defining import create_field
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.dialects import adopt, speak
from support.web_application import Json, parts, refusal

KEY = "cleverpush-private-key-0123456789"
CHANNEL = "XXXXXXXX"


class Channel:
    """The back end of a site that speaks as it did to CleverPush."""

    def __init__(self, app: Flask, client: FlaskClient, site: NewSite) -> None:
        self.app, self.client, self.site = app, client, site
        self.office = BackEnd(client, site)
        speak(app, site, Dialect.CLEVERPUSH)
        self.adopt(channel=CHANNEL, api_key=KEY)

    def adopt(self, **ids: str) -> None:
        """Bring more ids along."""
        adopt(self.app, self.site, Dialect.CLEVERPUSH, **ids)

    def define(self, **kinds: str) -> None:
        """Define fields by name and type."""
        with parts(self.app).store.writing() as session:
            for name, kind in kinds.items():
                create_field(session, get_database(session, self.site.database_id), name=name, kind=kind)

    def call(self, method: str, path: str, body: Any = None, key: str | None = KEY, **options: Any) -> TestResponse:
        """Send a request with the private key, which has no scheme word."""
        headers = {} if key is None else {"Authorization": key}
        given = {} if body is None else {"json": body}
        return self.client.open(path, method=method, headers=headers, **given, **options)

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Json:
        """Send a request that must succeed, and return what it answers."""
        response = self.call(method, path, body, **options)
        assert response.status_code == 200, response.text
        answer: Json = response.get_json()
        return answer

    def sync(self, **body: Any) -> Json:
        """Sync a subscription, which must succeed."""
        return self.ask("POST", f"/subscription/sync/{CHANNEL}", body)

    def send(self, **body: Any) -> TestResponse:
        """Send a notification and return the answer, whatever it is."""
        return self.call("POST", "/notification/send", {"channel": CHANNEL, "title": "Hello", "text": "There", **body})

    def write(self, route: str, subscriber: str, **body: object) -> tuple[int, str]:
        """Write by an id alone; return status and code of a refusal, or of success."""
        named = {"channelId": CHANNEL, "subscriptionId": subscriber, **body}
        answer = self.call("POST", f"/subscription/{route}", named, key=None)
        return refusal(answer) if answer.status_code != 200 else (200, "")

    def read(self, path: str, **query: Any) -> Json:
        """Read something of the channel."""
        return self.ask("GET", f"/channel/{CHANNEL}/{path}", query_string=query)

    def listen(self) -> None:
        """Have a mailer that is told of addresses to confirm."""
        url = "https://hooks.example.com/mailer"
        self.office.ask("POST", "/v1/webhooks", {"url": url, "events": ["confirm_email", "subscribe"]})

    def told(self, kind: str = "confirm_email") -> list[Json]:
        """Return what waits to be told to webhooks, of one kind."""
        with parts(self.app).store.reading() as session:
            rows = session.scalars(select(WebhookEvent).order_by(WebhookEvent.id)).all()
        return [row.body for row in rows if row.body["type"] == kind]

    def link(self) -> str:
        """Return the path of the newest link that was handed to the mailer."""
        link: str = self.told()[-1]["link"]
        return link.removeprefix("https://bell.example.com")

    def statuses(self, subscriber_hash: str) -> list[str]:
        """Return how a subscription stands at its profiles."""
        return list(self.office.standings(subscriber_hash).values())

    def reached(self, answer: TestResponse) -> Json:
        """Return whom a message is for, as it was stored."""
        assert answer.status_code == 200, answer.text
        audience: Json = self.office.ask("GET", f"/v1/messages/{answer.json['id']}")["audience"]  # type: ignore[index]
        return audience


def sample_channel(app: Flask, client: FlaskClient, site: NewSite) -> Channel:
    """Return a channel with the topics and the opt-in forms of the vendor's samples."""
    made = Channel(app, client, site)
    topics = [{"name": name, "title": name.title()} for name in ("news", "offers")]
    made.office.ask("PUT", "/v1/topics", {"topics": topics})
    made.adopt(topic="TOPIC_ID_1=news")
    made.adopt(topic="TOPIC_ID_2=offers", opt_in_form="OPT_IN_FORM_ID=double")
    made.adopt(opt_in_form="SINGLE_FORM=single")
    return made
