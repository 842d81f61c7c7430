"""What an API key opens: its own site, within its scopes, until it is revoked."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.clock import Clock
from sitebell.services.keys import create_api_key, list_api_keys, revoke_api_key
from sitebell.services.sites import NewSite
from support.web_application import Json, parts, refusal, stored_rows

pytestmark = pytest.mark.shared_app

STEPS = ("cancel", "pause", "resume")


@pytest.mark.parametrize("name", ["", *(f"/{step}" for step in STEPS)])
def test_sec_38_a_message_of_another_site_is_not_found(
    app: Flask, client: FlaskClient, message_id: str, new_site: Callable[[str], NewSite], name: str
) -> None:
    foreign = {"Authorization": f"Bearer {new_site('https://other.example').api_key}"}
    before = stored_rows(app)
    method = "POST" if name else "GET"

    response = client.open(f"/v1/messages/{message_id}{name}", method=method, headers=foreign)

    assert refusal(response) == (404, "message_not_found")
    assert stored_rows(app) == before


def test_sec_38_a_body_that_names_another_site_is_refused(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, new_site: Callable[[str], NewSite]
) -> None:
    """An existing site and an invented one answer the same."""
    other = new_site("https://other.example").site.token
    before = stored_rows(app)

    answers = [
        client.post("/v1/messages", json={**message, "site": token}, headers=back_end) for token in (other, "0" * 24)
    ]

    assert [refusal(answer) for answer in answers] == [(404, "site_not_found")] * 2
    assert answers[0].data == answers[1].data
    assert stored_rows(app) == before


@pytest.mark.parametrize(
    "credential",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer sb_unknown",
        "Bearer caf\xe9",
        "Basic c2JfeDp4",
        "Bearer a=b, c=d",
        "{key}",
        "Bearer {key}x",
        "Bearer {KEY}",
    ],
)
def test_a_bad_key_is_refused(
    app: Flask, client: FlaskClient, api_key: str, message: Json, message_id: str, credential: str | None
) -> None:
    before = stored_rows(app)
    headers = (
        {}
        if credential is None
        else {"Authorization": credential.replace("{key}", api_key).replace("{KEY}", api_key.upper())}
    )

    answers = [
        client.post("/v1/messages", json=message, headers=headers),
        client.get(f"/v1/messages/{message_id}", headers=headers),
        *(client.post(f"/v1/messages/{message_id}/{step}", headers=headers) for step in STEPS),
    ]

    assert {refusal(answer) for answer in answers} == {(401, "invalid_api_key")}
    assert stored_rows(app) == before


def test_a_revoked_key_is_refused_at_once(
    app: Flask, client: FlaskClient, site: NewSite, back_end: dict[str, str], message: Json, clock: Clock
) -> None:
    with parts(app).store.writing() as session:
        [key] = list_api_keys(session, site.site)
        revoke_api_key(session, site.site, key.id, clock())
    before = stored_rows(app)

    assert refusal(client.post("/v1/messages", json=message, headers=back_end)) == (401, "invalid_api_key")
    assert stored_rows(app) == before


@pytest.mark.parametrize(("scope", "may_read", "may_send"), [("read", True, False), ("send", False, True)])
def test_a_key_does_what_its_scopes_say(
    app: Flask,
    client: FlaskClient,
    site: NewSite,
    message: Json,
    message_id: str,
    clock: Clock,
    scope: str,
    *,
    may_read: bool,
    may_send: bool,
) -> None:
    with parts(app).store.writing() as session:
        _, key = create_api_key(session, site.site, name="narrow", scopes=[scope], now=clock())
    headers = {"Authorization": f"Bearer {key}"}

    read = client.get(f"/v1/messages/{message_id}", headers=headers)
    sends = [
        client.post("/v1/messages", json=message, headers=headers),
        *(client.post(f"/v1/messages/{message_id}/{step}", headers=headers) for step in ("pause", "resume", "cancel")),
    ]

    assert read.status_code == (200 if may_read else 403)
    assert [answer.status_code for answer in sends] == ([202, 200, 200, 200] if may_send else [403] * 4)
    assert all(refusal(a) == (403, "scope_missing") for a in [read, *sends] if a.status_code == 403)
