"""What open and signed sites take from pages: whose word counts, and what a refused one leaves as it was."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from api.signed_site import SignedSite, refused
from sitebell.services.sites import NewSite
from support.signer import Signer
from support.web_application import Json, new_subscription, stored_rows

pytestmark = pytest.mark.shared_app

MATCHES: list[Json] = [
    {"external_id": "customer-42"},
    {"email": "ann@example.com"},
    {"phone": "+49 30 901820"},
    {"custom": {"field": "_fname", "value": "Ann"}},
]


@pytest.mark.parametrize("match", [*MATCHES, {"profile_id": "0" * 24}], ids=lambda match: next(iter(match)))
def test_sec_23_a_signed_site_believes_no_match_without_a_token(signed: SignedSite, match: Json) -> None:
    answer = signed.put(match=match, fields={"_lname": "Lee"})

    assert refused(answer) == "identity_required"
    assert answer["status"] == "subscribed"
    assert signed.present() == [(None, None, "subscribed", "open")]


def test_sec_14_a_refused_identity_leaves_the_browser_bound_as_it_was(signed: SignedSite, signer: Signer) -> None:
    signed.put(identity=signer.sign(signed.token, signed.clock(), sub="a"))

    assert refused(signed.put(intent="refresh", match={"external_id": "b"}, fields={"_fname": "B"}))
    assert refused(signed.put(identity="forged", fields={"_fname": "B"}))
    assert signed.known() == ["a"]
    assert signed.fields_of("a", ["_fname"]) == {"_fname": None}


def test_claims_find_and_fill_the_profile(signed: SignedSite, signer: Signer) -> None:
    signed.add_field("plan")
    claims: Json = {
        "email": "Ann@Example.com",
        "phone": "+49 30 901820",
        "match": {"custom": {"field": "plan", "value": "gold"}},
        "fields": {"_fname": "Ann", "_bdate": "1990-05-31"},
        "tags": {"add": ["vip"]},
    }
    answer = signed.put(identity=signer.sign(signed.token, signed.clock(), **claims))

    assert "error" not in answer["enrollments"][0]
    assert signed.present() == [("customer-42", "ann@example.com", "subscribed", "signed")]
    wanted = {"_fname": "Ann", "_bdate": "1990-05-31", "plan": "gold"}
    assert signed.fields_of("customer-42", wanted) == wanted


@pytest.mark.parametrize(
    ("said", "proved"),
    [
        ({"match": {"external_id": "customer-43"}}, {}),
        ({"match": {"email": "eve@example.com"}}, {"email": "ann@example.com"}),
        ({"match": {"email": "no address"}}, {"email": "ann@example.com"}),
        ({"match": {"email": "ann@example.com"}}, {}),
        ({"match": {"phone": "+49 30 901821"}}, {"phone": "+4930901820"}),
        ({"match": {"custom": {"field": "_fname", "value": "Eve"}}}, {}),
        ({"match": {"profile_id": "0" * 24}}, {}),
        ({"fields": {"_fname": "Eve"}}, {"fields": {"_fname": "Ann"}}),
        ({"tags": {"add": ["vip"]}}, {"tags": {"add": ["new"]}}),
        ({"tags": {"add": ["vip"]}}, {}),
    ],
    ids=repr,
)
def test_a_body_that_differs_from_its_token_refuses_the_whole_identity(
    signed: SignedSite, signer: Signer, said: Json, proved: Json
) -> None:
    answer = signed.put(identity=signer.sign(signed.token, signed.clock(), **proved), **said)

    assert refused(answer) == "identity_mismatch"
    assert signed.known() == [None]


def test_a_body_that_says_the_same_as_its_token_is_taken(signed: SignedSite, signer: Signer) -> None:
    claims: Json = {"email": "ann@example.com", "phone": "+4930901820", "fields": {"_fname": "Ann"}}
    same: Json = {"external_id": "customer-42", "email": "ANN@example.com", "phone": "+49 30 90 18 20"}
    answer = signed.put(
        identity=signer.sign(signed.token, signed.clock(), **claims), match=same, fields={"_fname": "Ann"}
    )

    assert answer["identity"] == {"status": "verified"}


def test_sec_22_a_page_of_a_signed_site_writes_open_fields_alone(signed: SignedSite, signer: Signer) -> None:
    signed.add_field("colour", is_open=True)
    signed.put(identity=signer.sign(signed.token, signed.clock()))

    plain = signed.put(intent="refresh", fields={"colour": "blue"})
    closed = signed.put(intent="refresh", fields={"colour": "red", "_fname": "Eve"})
    unknown = signed.put(intent="refresh", fields={"shade": "red"})
    mail = signed.put(intent="refresh", fields={"email": "eve@example.com"})
    beside = signed.put(identity=signer.sign(signed.token, signed.clock()), fields={"_fname": "Eve"})

    assert "identity" not in plain
    assert [refused(answer) for answer in (closed, unknown, mail, beside)] == ["identity_required"] * 4
    assert signed.fields_of("customer-42", ["colour", "_fname"]) == {"colour": "blue", "_fname": None}
    assert signed.present() == [("customer-42", None, "subscribed", "signed")]


def test_sec_22_a_page_of_a_signed_site_sets_no_tags(signed: SignedSite) -> None:
    assert refused(signed.put(tags={"add": ["vip"]})) == "identity_required"


def test_a_visit_that_claims_nothing_is_not_refused(signed: SignedSite) -> None:
    assert "identity" not in signed.put(locale="de", exclusive=False)


def test_a_profile_known_by_e_mail_alone_becomes_the_customers(signed: SignedSite, signer: Signer) -> None:
    """The newsletter knew the address, the shop knows the customer: a token says that they are one."""
    body = {"match": {"email": "ann@example.com"}}
    signed.client.post("/v1/links", json=body, headers=signed.back_end)
    signed.put(identity=signer.sign(signed.token, signed.clock(), email="ann@example.com"))

    assert ("customer-42", "ann@example.com", "subscribed", "signed") in signed.present()
    assert [profile.external_id for profile in signed.profiles() if profile.email == "ann@example.com"] == [
        "customer-42"
    ]


@pytest.mark.parametrize("word", [False, "false"])
def test_an_address_that_its_own_site_has_not_confirmed_finds_nobody_and_is_not_written(
    signed: SignedSite, signer: Signer, word: Any
) -> None:
    """OpenID Connect Core section 5.1: else whoever signs up with somebody's address would get that one's profile."""
    path = f"/v1/databases/{signed.database_id}/profiles"
    for name in ({"email": "ann@example.com"}, {"phones": ["+4930901820"]}):
        assert signed.client.post(path, json=name, headers=signed.back_end).status_code == 201
    claims: Json = {"email": "Ann@example.com", "phone": "+49 30 901820"}
    doubts: Json = {"email_verified": word, "phone_number_verified": word}

    answer = signed.put(identity=signer.sign(signed.token, signed.clock(), sub="mallory", **claims, **doubts))

    assert answer["identity"] == {"status": "verified"}
    assert signed.present() == [("mallory", None, "subscribed", "signed")]
    found: Any = signed.client.get(f"{path}/{answer['enrollments'][0]['profile_id']}", headers=signed.back_end)
    assert found.json["phones"] == []
    confirmed: Json = {"email_verified": True, "phone_number_verified": "true"}
    token = signer.sign(signed.token, signed.clock(), sub="ann", **claims, **confirmed)
    signed.put(new_subscription(), identity=token)
    assert ("ann", "ann@example.com", "subscribed", "signed") in signed.present()
    assert len(signed.profiles()) == 3


def test_two_customers_with_one_e_mail_stay_two(signed: SignedSite, signer: Signer) -> None:
    for sub in ("a", "b"):
        token = signer.sign(signed.token, signed.clock(), sub=sub, email="family@example.com")
        signed.put(new_subscription(), identity=token)

    assert [row[:2] for row in signed.present()] == [("a", "family@example.com"), ("b", "family@example.com")]


@pytest.mark.parametrize("fault", ["forged", "expired", "other site"])
def test_a_token_that_fails_is_refused_on_an_open_site_too(app: Flask, site: NewSite, fault: str) -> None:
    """Not ignored: a page that sends a token means the token's word, not its own."""
    opened = SignedSite(app, site)
    signer = opened.add_key(Signer())
    opened.put()
    tokens = {
        "forged": Signer().sign(opened.token, opened.clock()),
        "expired": signer.sign(opened.token, opened.clock() - timedelta(hours=2)),
        "other site": signer.sign("another", opened.clock()),
    }
    before = stored_rows(app)

    answer = opened.put(intent="refresh", identity=tokens[fault], match={"external_id": "customer-42"})

    assert refused(answer) == "invalid_identity"
    assert stored_rows(app) == before


def test_a_token_on_an_open_site_is_a_proof(app: Flask, site: NewSite) -> None:
    opened = SignedSite(app, site)
    signer = opened.add_key(Signer())
    opened.put(match={"external_id": "customer-42"})
    claimed = opened.present()

    opened.put(intent="refresh", identity=signer.sign(opened.token, opened.clock()), fields={"_city": "Ulm"})

    assert [row[3] for row in claimed + opened.present()] == ["open", "signed"]


def test_a_logout_takes_the_proof_away(app: Flask, site: NewSite) -> None:
    """Whoever comes next can claim the same name on an open site, but has proved nothing."""
    opened = SignedSite(app, site)
    opened.put(identity=opened.add_key(Signer()).sign(opened.token, opened.clock()))
    opened.log_out()

    opened.put(intent="refresh", match={"external_id": "customer-42"})

    assert ("customer-42", None, "subscribed", "open") in opened.present()


def test_a_message_remembers_that_it_is_verified(signed: SignedSite) -> None:
    body: Json = {"audience": {"everyone": True}, "notification": {"title": "Your invoice"}}
    shown = []
    for more in ({}, {"verified": True}):
        posted: Any = signed.client.post("/v1/messages", json={**body, **more}, headers=signed.back_end)
        found: Any = signed.client.get(f"/v1/messages/{posted.json['id']}", headers=signed.back_end)
        shown.append(found.json["verified"])

    assert shown == [False, True]
