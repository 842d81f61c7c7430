"""A vendor's key of a whole account: it opens every site that adopted it, and each call means one of them."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compat.altcraft_site import API_KEY, DEVICE, EVENTS, IMPORT, SET, statuses
from compat.cleverpush_channel import CHANNEL, KEY, Channel
from sitebell.models import Dialect
from sitebell.services.databases import get_database, link_database
from sitebell.services.keys import list_api_keys, revoke_api_key
from sitebell.services.sites import NewSite, get_site
from support.back_end import BackEnd
from support.dialects import adopt, speak
from support.web_application import Json, parts, refusal

AMBIGUOUS = (409, "ambiguous_api_key")


@pytest.fixture
def other(new_site: Callable[[str], NewSite]) -> NewSite:
    """Another site of the same owner."""
    return new_site("https://other.example")


@pytest.fixture
def channel(app: Flask, client: FlaskClient, site: NewSite, other: NewSite) -> Channel:
    """A channel whose private key opens the other site's, too."""
    speak(app, other, Dialect.CLEVERPUSH)
    adopt(app, other, Dialect.CLEVERPUSH, channel="OTHER", api_key=KEY)
    return Channel(app, client, site)


@pytest.fixture
def resources(app: Flask, site: NewSite, other: NewSite) -> tuple[NewSite, NewSite]:
    """Two resources of one account, 22 and 23; each site has a database of its own."""
    for one, number in ((site, "22"), (other, "23")):
        speak(app, one, Dialect.ALTCRAFT)
        adopt(app, one, Dialect.ALTCRAFT, resource_id=number, api_key=API_KEY)
    return site, other


def post(client: FlaskClient, path: str, **body: object) -> Json:
    answer = client.post(path, json={"token": API_KEY, **body})
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def test_a_private_key_lists_the_channels_of_the_account(channel: Channel) -> None:
    assert {row["id"] for row in channel.ask("GET", "/channels")["channels"]} == {CHANNEL, "OTHER"}


@pytest.mark.parametrize("name", [CHANNEL, "OTHER"])
def test_a_call_with_a_private_key_means_the_channel_that_it_names(channel: Channel, name: str) -> None:
    channel.ask("POST", f"/subscription/sync/{name}", {"emailAddress": "ann@example.com"})

    counts = {one: channel.ask("GET", f"/channel/{one}/subscriptions")["subscriptions"] for one in (CHANNEL, "OTHER")}
    assert {one: len(rows) for one, rows in counts.items()} == {CHANNEL: 0, "OTHER": 0} | {name: 1}


def test_sec_38_a_private_key_opens_no_channel_of_a_site_that_did_not_adopt_it(
    channel: Channel, new_site: Callable[[str], NewSite]
) -> None:
    stranger = new_site("https://stranger.example")
    speak(channel.app, stranger, Dialect.CLEVERPUSH)
    adopt(channel.app, stranger, Dialect.CLEVERPUSH, channel="STRANGER")

    assert refusal(channel.call("GET", "/channel/STRANGER/subscriptions")) == (404, "site_not_found")


def test_a_site_that_revokes_the_key_is_closed_to_it_and_the_others_are_not(channel: Channel, other: NewSite) -> None:
    with parts(channel.app).store.writing() as session:
        row = get_site(session, other.site.token)
        revoke_api_key(session, row, list_api_keys(session, row)[-1].id, parts(channel.app).clock())

    assert refusal(channel.call("GET", "/channel/OTHER/subscriptions")) == (404, "site_not_found")
    assert channel.ask("GET", f"/channel/{CHANNEL}/subscriptions") == {"subscriptions": []}


def test_a_call_that_names_no_site_is_refused_for_a_key_that_opens_several(channel: Channel) -> None:
    """Our own routes and PushEngage's, whose keys are one site's, name none."""
    assert refusal(channel.client.get("/v1/databases", headers={"Authorization": f"Bearer {KEY}"})) == AMBIGUOUS


def test_a_message_that_names_one_of_the_keys_sites_is_that_ones(channel: Channel, other: NewSite) -> None:
    body = {"audience": {"everyone": True}, "notification": {"title": "Hello"}}
    headers = {"Authorization": f"Bearer {KEY}"}

    def send(**members: object) -> TestResponse:
        return channel.client.post("/v1/messages", json={**body, **members}, headers=headers)

    sent = send(site=other.site.token)
    assert sent.status_code == 202
    message: Json = sent.get_json()
    assert BackEnd(channel.client, other).ask("GET", f"/v1/messages/{message['id']}")["id"] == message["id"]
    assert refusal(send(site="nobodys")) == (404, "site_not_found")
    assert refusal(send()) == AMBIGUOUS


def test_a_pushengage_call_is_refused_while_two_of_the_keys_sites_speak_the_dialect(
    app: Flask, client: FlaskClient, site: NewSite, other: NewSite
) -> None:
    def ask() -> tuple[int, str]:
        answer = client.get("/apiv1/notifications", headers={"api_key": API_KEY})
        return answer.status_code, str(answer.get_json())

    for one in (site, other):
        adopt(app, one, Dialect.PUSHENGAGE, api_key=API_KEY)
    speak(app, site, Dialect.PUSHENGAGE)
    assert ask()[0] == 200

    speak(app, other, Dialect.PUSHENGAGE)

    assert ask()[0] == 409


def test_a_subscription_means_the_site_of_its_resource(
    app: Flask, client: FlaskClient, resources: tuple[NewSite, NewSite]
) -> None:
    for resource_id, site in zip((22, 23), resources, strict=True):
        imported = post(client, IMPORT, db_id=site.database_id, email="ann@example.com")
        names = {"db_id": site.database_id, "profile_id": imported["profile_id"], "resource_id": resource_id}
        post(client, SET, **names, **DEVICE, channel="push", status="subscribed")

    assert [status for _, status in statuses(app)] == ["subscribed", "subscribed"]


def test_sec_38_a_subscription_joins_no_database_that_its_own_site_does_not_reach(
    client: FlaskClient, resources: tuple[NewSite, NewSite]
) -> None:
    """Though another site of the same key does."""
    item = {**DEVICE, "resource_id": 23, "channel": "push", "status": "subscribed"}
    body = {"token": API_KEY, "db_id": resources[0].database_id, "email": "ann@example.com"}

    answer = client.post(IMPORT, json={**body, "data": {"subscriptions": [item]}})

    assert answer.status_code == 404
    assert answer.get_json()["error_text"].startswith("database_not_found")


def test_one_resource_id_at_two_sites_of_a_key_is_refused(
    app: Flask, client: FlaskClient, resources: tuple[NewSite, NewSite]
) -> None:
    adopt(app, resources[1], Dialect.ALTCRAFT, resource_id="22")
    item = {**DEVICE, "resource_id": 22, "channel": "push", "status": "subscribed"}
    body = {"token": API_KEY, "db_id": resources[0].database_id, "email": "ann@example.com"}

    answer = client.post(IMPORT, json={**body, "data": {"subscriptions": [item]}})

    assert answer.status_code == 409
    assert answer.get_json()["error_text"].startswith("ambiguous_api_key")


def test_an_import_without_devices_reaches_the_databases_of_every_site_of_the_key(
    client: FlaskClient, resources: tuple[NewSite, NewSite]
) -> None:
    for site in resources:
        post(client, IMPORT, db_id=site.database_id, email="ann@example.com")


def test_a_push_is_reported_to_the_site_whose_receipt_it_names(
    app: Flask, client: FlaskClient, other: NewSite, office: BackEnd, message_id: str, receipt: str
) -> None:
    for site in (other, office.site):  # the receipt is of the one that adopted the key last
        speak(app, site, Dialect.ALTCRAFT)
        adopt(app, site, Dialect.ALTCRAFT, api_key=API_KEY)

    post(client, EVENTS, events=1, uid=receipt)

    assert office.ask("GET", f"/v1/messages/{message_id}")["counts"]["shown"] == 1


def test_one_import_brings_devices_of_several_resources(
    app: Flask, client: FlaskClient, resources: tuple[NewSite, NewSite]
) -> None:
    site, other = resources
    with parts(app).store.writing() as session:
        link_database(session, get_site(session, other.site.token), get_database(session, site.database_id))
    devices = [
        {**DEVICE, "subscription_id": f"device-{number}", "resource_id": number, "channel": "push"}
        for number in (23, 22)
    ]

    post(client, IMPORT, db_id=site.database_id, email="ann@example.com", data={"subscriptions": devices})

    assert [status for _, status in statuses(app)] == ["subscribed", "subscribed"]
