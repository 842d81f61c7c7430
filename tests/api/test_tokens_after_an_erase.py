"""Tokens from before an erase bring nobody back (SEC-43)."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from api.signed_site import SignedSite, refused
from sitebell.models import ErasedName
from sitebell.services.retention import prune_step
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.planting import columns_with
from support.signer import Signer
from support.visitors import add_database, add_fields, profile_ids
from support.web_application import Json, new_subscription, parts

ANN: Json = {"sub": "ann", "email": "ann@example.com", "phone": "+4930901820"}
LONG = timedelta(days=20)
DAY = timedelta(hours=20)


def log_in(signed: SignedSite, token: str) -> str:
    """Show a token in a browser of its own and return whose it is then."""
    answer = signed.put(new_subscription(), identity=token)
    assert answer["identity"] == {"status": "verified"}
    return profile_ids(answer)[0]


@pytest.mark.parametrize("kind", ["identity", "link"])
@pytest.mark.parametrize("names", [ANN, {"sub": "ann"}], ids=["all", "sub"])
def test_sec_43_a_token_from_before_an_erase_is_refused_like_one_that_has_expired(
    signed: SignedSite, signer: Signer, office: BackEnd, kind: str, names: Json
) -> None:
    sign = signer.sign if kind == "identity" else signer.link
    old = sign(signed.token, signed.clock(), lifetime=DAY, **names)
    expired = sign(signed.token, signed.clock() - 2 * DAY, lifetime=DAY, sub="nobody")
    ann = log_in(signed, signer.sign(signed.token, signed.clock(), lifetime=DAY, **ANN))
    signed.clock.advance(hours=1)
    office.erase(ann)
    signed.clock.advance(hours=1)

    answer, other = (signed.put(new_subscription(), **{kind: token}) for token in (old, expired))

    assert refused(answer, kind) == ("invalid_identity" if kind == "identity" else "invalid_link")
    assert answer[kind] == other[kind]
    assert answer["status"] == "subscribed"
    assert office.search(external_id="ann") == office.search(email="ann@example.com") == []
    assert log_in(signed, signer.sign(signed.token, signed.clock(), **ANN)) != ann
    signed.clock.advance(hours=1)
    newer = signer.link(signed.token, signed.clock(), **ANN)
    assert signed.put(new_subscription(), link=newer)["link"] == {"status": "joined"}


def test_sec_43_of_two_erases_of_a_name_the_later_moment_counts(
    signed: SignedSite, signer: Signer, office: BackEnd
) -> None:
    ahead = signer.sign(signed.token, signed.clock() + timedelta(seconds=50), lifetime=DAY, sub="ann")
    office.erase(log_in(signed, ahead))
    signed.clock.advance(seconds=10)
    office.erase(office.add_profile(external_id="ann"))
    signed.clock.advance(hours=1)

    assert refused(signed.put(identity=ahead)) == "invalid_identity"


@pytest.mark.parametrize("name", ["email", "phone", "match"])
def test_sec_43_a_token_is_refused_that_would_have_found_the_erased_by_another_name(
    app: Flask, signed: SignedSite, signer: Signer, office: BackEnd, name: str
) -> None:
    add_fields(app, signed.database_id, card="text")
    claims: Json = {
        "email": "Ann@Example.com",
        "phone": "+49 30 901820",
        "match": {"custom": {"field": "card", "value": "A-7"}},
    }
    old = signer.link(signed.token, signed.clock(), sub="ann", lifetime=LONG, **{name: claims[name]})
    ann = office.add_profile(email="ann@example.com", phones=["+4930901820"], fields={"card": "A-7"})
    signed.clock.advance(minutes=1)
    office.erase(ann)
    signed.clock.advance(days=19)

    assert refused(signed.put(link=old), "link") == "invalid_link"
    assert office.search(external_id="ann") == []


def test_who_shares_an_address_with_somebody_erased_keeps_their_login(
    signed: SignedSite, signer: Signer, office: BackEnd
) -> None:
    bob = office.add_profile(external_id="bob")
    ann = office.add_profile(external_id="ann", email="family@example.com")
    kept = signer.sign(signed.token, signed.clock(), sub="bob", email="family@example.com")
    signed.clock.advance(minutes=1)
    office.erase(ann)

    assert log_in(signed, kept) == bob


@pytest.mark.parametrize("kind", ["identity", "link"])
@pytest.mark.parametrize("name", [{"email": "bob@example.com"}, {"phones": ["+4930901820"]}], ids=str)
def test_a_token_that_finds_a_living_person_is_not_refused_for_a_duplicate_that_was_erased(
    signed: SignedSite, signer: Signer, office: BackEnd, kind: str, name: Json
) -> None:
    sign = signer.sign if kind == "identity" else signer.link
    claims: Json = {"email": "bob@example.com"} if "email" in name else {"phone": "+4930901820"}
    bob, duplicate = office.add_profile(**name), office.add_profile(**name)
    kept = sign(signed.token, signed.clock(), sub="bob", **claims)
    signed.clock.advance(minutes=1)
    office.erase(duplicate)

    answer = signed.put(new_subscription(), **{kind: kept})

    assert answer[kind]["status"] == ("verified" if kind == "identity" else "joined")
    assert profile_ids(answer) == [bob]


def test_a_back_end_makes_an_erased_person_anew_and_old_tokens_stay_refused(
    signed: SignedSite, signer: Signer, office: BackEnd
) -> None:
    old = signer.sign(signed.token, signed.clock(), **ANN)
    signed.clock.advance(seconds=1)
    office.erase(office.add_profile(external_id="ann"))

    made = office.add_profile(external_id="ann", email="ann@example.com")

    assert refused(signed.put(identity=old)) == "invalid_identity"
    signed.clock.advance(seconds=1)
    assert log_in(signed, signer.sign(signed.token, signed.clock(), **ANN)) == made


def test_sec_43_a_clock_that_is_ahead_brings_nobody_back(signed: SignedSite, signer: Signer, office: BackEnd) -> None:
    ahead = signer.sign(signed.token, signed.clock() + timedelta(seconds=50), lifetime=DAY, **ANN)
    ann = log_in(signed, ahead)
    signed.clock.advance(seconds=10)
    office.erase(ann)
    signed.clock.advance(hours=1)

    assert refused(signed.put(identity=ahead)) == "invalid_identity"


def test_sec_43_the_ids_that_an_erased_person_lost_in_merges_are_refused_too(
    signed: SignedSite, signer: Signer, office: BackEnd
) -> None:
    ann, lost = office.add_profile(external_id="ann"), office.add_profile(external_id="ann-2")
    office.ask("POST", f"{office.profiles}/{ann}/merge", {"from": lost})
    old = signer.sign(signed.token, signed.clock(), sub="ann-2")
    signed.clock.advance(seconds=1)
    office.erase(ann)

    assert refused(signed.put(identity=old)) == "invalid_identity"


def test_sec_43_names_that_no_token_is_compared_with_are_not_kept(app: Flask, office: BackEnd) -> None:
    ann = office.add_profile(external_id="old", email="old@example.com")
    office.send(audience={"external_ids": ["old"], "where": {"field": "email", "op": "eq", "value": "old@example.com"}})
    office.ask("PATCH", f"{office.profiles}/{ann}", {"external_id": "ann", "email": None})
    office.ask("POST", f"{office.profiles}/{ann}/merge", {"from": office.add_profile(external_id="lost")})
    office.send(audience={"external_ids": ["lost"]})
    office.erase(ann)

    with parts(app).store.reading() as session:
        assert len(session.scalars(select(ErasedName)).all()) == 2  # ann and lost


def test_an_erase_in_another_database_refuses_nothing(
    app: Flask, site: NewSite, signed: SignedSite, signer: Signer, office: BackEnd
) -> None:
    more = add_database(app, site)
    made: Any = office.ask("POST", f"/v1/databases/{more}/profiles", {"external_id": "ann"})
    old = signer.sign(signed.token, signed.clock(), **ANN)
    signed.clock.advance(seconds=1)
    office.ask("DELETE", f"/v1/databases/{more}/profiles/{made['id']}")

    both, one = (
        signed.put(identity=old, database_ids=ids) for ids in ([signed.database_id, more], [signed.database_id])
    )

    assert refused(both) == "invalid_identity"
    assert one["identity"] == {"status": "verified"}


def test_sec_43_names_of_the_erased_are_kept_as_keyed_hashes_until_all_tokens_have_expired(
    app: Flask, signed: SignedSite, signer: Signer, office: BackEnd
) -> None:
    office.erase(log_in(signed, signer.sign(signed.token, signed.clock(), **ANN)))

    def hashes() -> list[bytes]:
        with parts(app).store.writing() as session:
            while not prune_step(session, signed.clock()):
                pass
            return list(session.scalars(select(ErasedName.name_mac)))

    assert {len(one) for one in hashes()} == {32}
    assert columns_with(app, {"ann", "ann@example.com", "+4930901820"}) == {}
    signed.clock.advance(days=30)
    assert len(hashes()) == 3
    signed.clock.advance(minutes=2)
    assert hashes() == []
