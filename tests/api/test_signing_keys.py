"""The keys that verify identity tokens: added, listed and removed, with or without what they have proved."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from api.signed_site import SignedSite
from sitebell.services.sites import NewSite
from support.signer import Signer
from support.web_application import Json, new_subscription

pytestmark = pytest.mark.shared_app


def test_sec_20_keys_are_checked_before_they_are_stored(signed: SignedSite, signer: Signer) -> None:
    rsa = Signer("RS256").public_key
    bodies: list[Json] = [
        {"algorithm": "ES256"},
        {"algorithm": "ES256", "public_key": rsa},
        {"algorithm": "EdDSA", "public_key": signer.public_key},
        {"algorithm": "ES256", "public_key": "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"},
        {"algorithm": "ES256", "public_key": signer.key.decode()},
        {"algorithm": "HS256", "public_key": signer.public_key},
        {"algorithm": "HS256", "kid": "sitebell"},
        {"algorithm": "HS256", "kid": "a/b"},
    ]
    for body in bodies:
        answer: Any = signed.client.post("/v1/identity/keys", json=body, headers=signed.back_end)
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_signing_key"), body
    again = {"algorithm": "HS256", "kid": "first"}
    answer = signed.client.post("/v1/identity/keys", json=again, headers=signed.back_end)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "signing_key_exists")


def test_keys_are_listed_without_their_secrets(signed: SignedSite, signer: Signer) -> None:
    shared = signed.add_key(Signer("HS256", kid="second"))
    listed: Any = signed.client.get("/v1/identity/keys", headers=signed.back_end)

    assert [(key["kid"], key["algorithm"], key["public_key"]) for key in listed.json["keys"]] == [
        ("first", "ES256", signer.public_key),
        ("second", "HS256", None),
    ]
    assert shared.key.decode() not in listed.text
    assert len(shared.key) >= 32


def test_a_key_is_removed_once(signed: SignedSite) -> None:
    signed.add_key(Signer("HS256", kid="second"))

    gone = [signed.client.delete("/v1/identity/keys/second", headers=signed.back_end).status_code for _ in range(2)]
    assert gone == [200, 404]


def test_a_site_has_at_most_ten_keys(signed: SignedSite) -> None:
    codes = [
        signed.client.post("/v1/identity/keys", json={"algorithm": "HS256"}, headers=signed.back_end).status_code
        for _ in range(11)
    ]

    assert codes == [201] * 10 + [409]


def test_sec_21_what_a_leaked_key_has_bound_can_be_unproved(
    app: Flask, signed: SignedSite, signer: Signer, new_site: Callable[[str], NewSite]
) -> None:
    """The back end's own word stays, and so does another site's; honest visitors prove themselves again."""
    other = SignedSite(app, new_site("https://other.example.com"))
    other.put(identity=other.add_key(Signer()).sign(other.token, other.clock()))
    called = new_subscription()
    subscriber = signed.put(called)["subscriber_hash"]
    made: Any = signed.client.post(
        f"/v1/databases/{signed.database_id}/profiles", json={"external_id": "called"}, headers=signed.back_end
    )
    path = f"/v1/databases/{signed.database_id}/profiles/{made.json['id']}/subscriptions/{subscriber}"
    assert signed.client.put(path, json={}, headers=signed.back_end).status_code == 200
    signed.put(identity=signer.sign(signed.token, signed.clock()))
    newer = signed.add_key(Signer(kid="second"))

    removed: Any = signed.client.delete("/v1/identity/keys/first?unprove=true", headers=signed.back_end)

    assert (removed.status_code, removed.json["kid"], removed.json["unproved"]) == (200, "first", 1)
    words = {name: bound_by for name, _, _, bound_by in signed.present()}
    assert words == {"called": "backend", "customer-42": "open"}
    assert other.present()[0][3] == "signed"
    signed.put(intent="refresh", identity=newer.sign(signed.token, signed.clock()))
    assert ("customer-42", None, "subscribed", "signed") in signed.present()


@pytest.mark.parametrize("query", ["", "?unprove=false"])
def test_a_key_that_is_changed_as_usual_leaves_its_proofs(signed: SignedSite, signer: Signer, query: str) -> None:
    signed.put(identity=signer.sign(signed.token, signed.clock()))

    removed: Any = signed.client.delete(f"/v1/identity/keys/first{query}", headers=signed.back_end)

    assert (removed.status_code, removed.json["unproved"]) == (200, 0)
    assert signed.present() == [("customer-42", None, "subscribed", "signed")]


@pytest.mark.parametrize("query", ["unprove=1", "unprove=", "unproved=true", "unprove=true&unprove=true"])
def test_a_misspelt_wish_to_unprove_removes_nothing(signed: SignedSite, signer: Signer, query: str) -> None:
    answer = signed.client.delete(f"/v1/identity/keys/first?{query}", headers=signed.back_end)

    assert answer.status_code == 422
    assert signed.put(identity=signer.sign(signed.token, signed.clock()))["identity"] == {"status": "verified"}
