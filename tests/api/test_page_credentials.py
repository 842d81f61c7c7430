"""What a browser reaches: its own subscription, and one delivery by its receipt (SEC-10, SEC-12, SEC-17)."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from sitebell.services.sites import NewSite
from support.web_application import Json, new_subscription, stored_rows

PROVING = ("status", "unsubscribe", "logout", "pause", "resume")
EVENT = {"type": "custom", "at": 1_793_000_000_000, "action": "seen"}


@pytest.fixture
def credentials(client: FlaskClient, page: str, subscribed: Json, new_site: Callable[[str], NewSite]) -> Json:
    """Subscriptions that are another browser's, another site's, made up, or known with other keys."""
    others = {"other_browser": new_subscription(), "other_site": new_subscription()}
    elsewhere = f"/v1/sites/{new_site('https://other.example').site.token}"
    assert client.put(f"{page}/subscription", json={"subscription": others["other_browser"]}).status_code == 201
    assert client.put(f"{elsewhere}/subscription", json={"subscription": others["other_site"]}).status_code == 201
    wrong_keys = {**subscribed, "keys": new_subscription()["keys"]}
    return {**others, "own": subscribed, "unknown": new_subscription(), "wrong_keys": wrong_keys}


@pytest.mark.parametrize("route", PROVING)
def test_sec_12_only_a_subscription_of_the_site_with_its_keys_opens_a_route(
    client: FlaskClient, page: str, credentials: Json, route: str
) -> None:
    answers = {
        kind: client.post(f"{page}/subscription/{route}", json={"subscription": subscription}).status_code
        for kind, subscription in credentials.items()
    }

    assert answers == {"own": 200, "other_browser": 200, "other_site": 404, "unknown": 404, "wrong_keys": 404}


@pytest.mark.parametrize("kind", ["other_site", "unknown", "wrong_keys"])
def test_sec_12_a_custom_event_needs_a_subscription_of_the_site(
    client: FlaskClient, page: str, credentials: Json, kind: str
) -> None:
    events = [{**EVENT, "subscription": credentials[kind]}]

    assert client.post(f"{page}/events", json={"events": events}).json == {"accepted": 0, "ignored": 1}


@pytest.mark.parametrize("route", PROVING)
def test_sec_17_a_receipt_opens_no_subscription(client: FlaskClient, page: str, receipt: str, route: str) -> None:
    bodies: list[Any] = [{"receipt": receipt}, {"subscription": receipt}]

    answers = [client.post(f"{page}/subscription/{route}", json=body).status_code for body in bodies]

    assert answers == [422, 422]


def test_sec_17_a_receipt_of_another_site_reports_nothing(
    client: FlaskClient, receipt: str, new_site: Callable[[str], NewSite]
) -> None:
    elsewhere = f"/v1/sites/{new_site('https://other.example').site.token}"
    before = stored_rows(client.application)

    answer = client.post(f"{elsewhere}/events", json={"events": [{"type": "shown", "receipt": receipt, "at": 1}]})

    assert answer.json == {"accepted": 0, "ignored": 1}
    assert stored_rows(client.application) == before
