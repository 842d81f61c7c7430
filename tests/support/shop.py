"""A site that sends to some of its visitors: who would be reached?"""

from typing import Any

from flask import Flask

from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.visitors import add_database, add_fields
from support.web_application import Json


class Shop(BackEnd):
    """The back end of a site that asks before it sends."""

    def __init__(self, app: Flask, site: NewSite) -> None:
        super().__init__(app.test_client(), site)
        self.app = app
        self.database_id = site.database_id
        self.page = f"/v1/sites/{site.site.token}"

    def add_database(self, **types: str) -> int:
        """Link one more database, with these fields, and return its id."""
        database_id = add_database(self.app, self.site)
        add_fields(self.app, database_id, **types)
        return database_id

    def offer(self, *topics: str) -> None:
        """Make these the topics of the site."""
        self.ask("PUT", "/v1/topics", {"topics": [{"name": name, "title": name.title()} for name in topics]})

    def tell(self, action: str, subscription: Json) -> Json:
        """Let a browser say logout, pause or another of its routes."""
        response = self.client.post(f"{self.page}/subscription/{action}", json={"subscription": subscription})
        assert response.status_code == 200, response.json
        return dict(response.json or {})

    def preview(self, audience: Json, **options: Any) -> Any:
        """Ask for a preview and return the answer, whatever it is."""
        return self.call("POST", "/v1/audiences/preview", {"audience": audience, **options})

    def reached(self, audience: Json, **options: Any) -> set[str]:
        """Return the subscriber hashes of at most ten browsers that a message to an audience would go to."""
        answer = self.preview(audience, **options)
        assert answer.status_code == 200, answer.json
        sample = [row["subscriber_hash"] for row in answer.json["sample"]]
        assert len(sample) == len(set(sample)) == answer.json["count"]
        return set(sample)
