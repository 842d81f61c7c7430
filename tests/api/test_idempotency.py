"""Idempotency-Key: a request repeated after a lost answer makes one message (REL-03)."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.services.sites import NewSite
from support.web_application import Json, refusal, stored_rows

pytestmark = pytest.mark.shared_app


def test_rel_03_the_same_key_and_body_is_the_same_message(
    client: FlaskClient, back_end: dict[str, str], message: Json
) -> None:
    headers = {**back_end, "Idempotency-Key": "order 17"}
    reordered = dict(reversed(message.items()))

    answers = [client.post("/v1/messages", json=body, headers=headers) for body in (message, message, reordered)]

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.data for answer in answers}) == 1


def test_rel_03_the_same_key_with_another_body_is_a_conflict(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json
) -> None:
    headers = {**back_end, "Idempotency-Key": "order 17"}
    client.post("/v1/messages", json=message, headers=headers)
    before = stored_rows(app)

    response = client.post("/v1/messages", json={**message, "ttl": 61}, headers=headers)

    assert refusal(response) == (409, "idempotency_conflict")
    assert stored_rows(app) == before


def test_rel_03_keys_of_two_sites_do_not_meet(
    client: FlaskClient, back_end: dict[str, str], message: Json, new_site: Callable[[str], NewSite]
) -> None:
    foreign = {"Authorization": f"Bearer {new_site('https://other.example').api_key}"}

    ids = [
        client.post("/v1/messages", json=message, headers={**who, "Idempotency-Key": "1"}).json["id"]  # type: ignore[index]
        for who in (back_end, foreign)
    ]

    assert len(set(ids)) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\xe9", "tab\there"])
def test_an_idempotency_key_is_short_and_printable(
    app: Flask, client: FlaskClient, back_end: dict[str, str], message: Json, key: str
) -> None:
    before = stored_rows(app)

    response = client.post("/v1/messages", json=message, headers={**back_end, "Idempotency-Key": key})

    assert refusal(response) == (422, "invalid_idempotency_key")
    assert stored_rows(app) == before
