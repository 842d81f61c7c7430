"""What became of pushes, in Altcraft's words: from a gateway with the key, from a worker with a link."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient

from compat.altcraft_site import EVENTS, Call
from sitebell.models import Event
from sitebell.services.delivery.foreign import ForeignPayload, hub_of
from support.back_end import BackEnd
from support.stopped_clock import StoppedClock
from support.web_application import Json, rows, stored_rows

BELL = "https://bell.example.com"


@pytest.mark.parametrize(("events", "counted"), [(1, {"shown"}), (2, {"clicked"}), (3, {"shown", "clicked"})])
@pytest.mark.parametrize("way", ["gateway", "link"])
def test_what_became_of_a_push_is_counted_once(
    app: Flask,
    client: FlaskClient,
    rest: Call,
    office: BackEnd,
    receipt: str,
    message_id: str,
    clock: StoppedClock,
    way: str,
    events: int,
    counted: set[str],
) -> None:
    """Delivered is what we call shown, opened is what we call clicked; neither says when."""
    link = f"{link_of(office, message_id, receipt).removesuffix('1')}{events}"
    for _ in range(2):
        answer = rest(EVENTS, events=events, uid=receipt) if way == "gateway" else told(client, link)
        assert answer == (200, {"error": 0, "error_text": "Successful operation"})
        clock.advance(seconds=60)

    assert {row.type for row in rows(app, Event) if row.message_id} == counted
    assert len([row for row in rows(app, Event) if row.message_id]) == len(counted)
    counts = office.ask("GET", f"/v1/messages/{message_id}")["counts"]
    assert {name: counts[name] for name in ("shown", "clicked") if counts[name]} == dict.fromkeys(counted, 1)


def link_of(office: BackEnd, message_id: str, receipt: str) -> str:
    """Return the path of the `ack` that comes with a message to a browser that runs the vendor's worker."""
    site = office.site.site
    payload = ForeignPayload("altcraft", message_id, {"title": "Hello"}, origin="", hub=hub_of(BELL, site))
    links = json.loads(json.loads(payload.render(receipt))["data"]["hub_link"])
    link: str = links["ack"]
    return link.removeprefix(BELL)


def told(client: FlaskClient, link: str) -> tuple[int, Json]:
    """Follow a link as a worker does; return status and answer."""
    answer = client.get(link)
    return answer.status_code, dict(answer.get_json())


def test_sec_17_a_forged_receipt_counts_nothing(
    app: Flask, client: FlaskClient, rest: Call, office: BackEnd, receipt: str
) -> None:
    forged = receipt[:-2] + ("AA" if receipt[-2:] != "AA" else "BB")
    before = stored_rows(app)

    rest(EVENTS, events=3, uid=forged)
    told(client, f"{link_of(office, 'x', forged).removesuffix('1')}3")

    assert stored_rows(app) == before


def test_a_link_that_came_with_no_push_is_refused(client: FlaskClient, rest: Call) -> None:
    assert rest(EVENTS)[0] == 422
    for query, status in (("", 422), ("?/x", 422), ("?/nobody/Q2x/1", 404), ("?/nobody/Q2x/4", 422)):
        answer = client.get(f"/api/v1.1/pushes/crypto_post_events{query}")

        assert (answer.status_code, answer.get_json()["error"]) == (status, status)
