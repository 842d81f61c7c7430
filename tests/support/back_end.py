"""Speaks to the API as a site's back end does, and as browsers of its pages where a test needs some."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from sitebell.services.sites import NewSite
from support.web_application import Json, new_subscription

WEBHOOK = {"url": "https://hooks.example.com/bell", "events": ["click"]}


class BackEnd:
    """The back end of one site, with its API key."""

    def __init__(self, client: FlaskClient, site: NewSite) -> None:
        self.client = client
        self.site = site
        self.database = f"/v1/databases/{site.database_id}"
        self.profiles = f"{self.database}/profiles"
        self.headers = {"Authorization": f"Bearer {site.api_key}"}

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Send a request with the API key."""
        given = {} if body is None else {"json": body}
        return self.client.open(path, method=method, headers=self.headers, **given, **options)

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Json:
        """Send a request that must succeed, and return what it answers."""
        response = self.call(method, path, body, **options)
        assert response.status_code < 300, response.text
        answer: Json = response.get_json()
        return answer

    def send(self, **message: Any) -> str:
        """Send a message, with a title unless told otherwise; return its id."""
        message_id: str = self.ask("POST", "/v1/messages", {"notification": {"title": "Hello"}, **message})["id"]
        return message_id

    def add_profile(self, **values: Any) -> str:
        """Make a profile and return its id."""
        profile_id: str = self.ask("POST", self.profiles, values)["id"]
        return profile_id

    def read_profile(self, profile_id: str) -> Json:
        """Return a profile as the API shows it."""
        return self.ask("GET", f"{self.profiles}/{profile_id}")

    def search(self, **query: Any) -> list[Json]:
        """Return the profiles that a search finds."""
        found: list[Json] = self.ask("GET", self.profiles, query_string=query)["profiles"]
        return found

    def subscribe(self, subscription: Json | None = None, **members: Any) -> Json:
        """Subscribe a browser on a page of the site, or let a known one come again; return the answer."""
        body = {"subscription": subscription or new_subscription(), **members}
        answer = self.client.put(f"/v1/sites/{self.site.site.token}/subscription", json=body)
        assert answer.status_code in (200, 201), answer.text
        shown: Json = answer.get_json()
        return shown

    def add_subscriber(self, **members: Any) -> str:
        """Subscribe a new browser and return its hash."""
        subscriber_hash: str = self.subscribe(**members)["subscriber_hash"]
        return subscriber_hash

    def standings(self, subscriber_hash: str) -> dict[str, str]:
        """Return at which profiles a subscriber is present, each with its status."""
        rows = self.ask("GET", f"/v1/subscribers/{subscriber_hash}")["enrollments"]
        return {row["profile_id"]: row["status"] for row in rows}

    def attach(self, profile_id: str, subscriber_hash: str, **body: Any) -> Json:
        """Bind a subscriber to a profile; return the subscription as the profile shows it."""
        return self.ask("PUT", f"{self.profiles}/{profile_id}/subscriptions/{subscriber_hash}", body)

    def erase(self, profile_id: str) -> Json:
        """Erase a person; return what the answer counts."""
        answer = self.ask("DELETE", f"{self.profiles}/{profile_id}")
        assert answer.pop("status") == "erased"
        return answer
