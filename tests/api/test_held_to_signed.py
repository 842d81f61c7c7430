"""An open site that shares a database with a signed one: its pages need tokens, or they undo the other's proof."""

from collections.abc import Callable

import pytest
from flask import Flask

from api.signed_site import SignedSite, refused
from sitebell.services.sites import NewSite
from support.signer import Signer
from support.visitors import link, unlink
from support.web_application import Json

WORDS: list[Json] = [
    {"match": {"email": "victim@example.com"}},
    {"match": {"external_id": "victim"}, "fields": {"_fname": "Eve"}},
    {"fields": {"_fname": "Eve"}},
    {"tags": {"add": ["gold"]}},
]


@pytest.fixture
def open_site(app: Flask, signed: SignedSite, new_site: Callable[[str], NewSite]) -> NewSite:
    """An open site with a database of its own, which reaches that of `signed` too."""
    new = new_site("https://open.example")
    link(app, new, signed.database_id)
    return new


@pytest.fixture
def sibling(app: Flask, open_site: NewSite) -> SignedSite:
    """The pages and the back end of `open_site`."""
    return SignedSite(app, open_site)


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_sec_20_an_open_site_beside_a_signed_one_believes_no_claim(
    signed: SignedSite, sibling: SignedSite, signer: Signer, words: Json
) -> None:
    signed.put(identity=signer.sign(signed.token, signed.clock(), sub="victim", fields={"_fname": "Ann"}))

    assert refused(sibling.put(**words)) == "identity_required"
    assert refused(sibling.put(**words, database_ids=[signed.database_id])) == "identity_required"
    assert signed.fields_of("victim", ["_fname"]) == {"_fname": "Ann"}
    people = [(one.external_id, one.email) for one in signed.profiles()]
    assert people == [("victim", None), (None, None)]
    preview = {"audience": {"tags": ["gold"]}}
    assert signed.client.post("/v1/audiences/preview", json=preview, headers=signed.back_end).json["count"] == 0  # type: ignore[index]


def test_a_page_beside_a_signed_site_may_say_what_its_own_back_end_signed(sibling: SignedSite) -> None:
    signer = sibling.add_key(Signer())
    token = signer.sign(sibling.token, sibling.clock(), sub="ann", tags={"add": ["vip"]})

    assert sibling.put(identity=token)["identity"] == {"status": "verified"}
    assert refused(sibling.put(identity=token, tags={"add": ["gold"]})) == "identity_mismatch"
    assert refused(sibling.put(identity=token, fields={"_fname": "Eve"})) == "identity_required"
    assert sibling.present() == [("ann", None, "subscribed", "signed")]


def test_a_page_is_as_open_as_its_site_again_once_the_databases_are_parted(
    app: Flask, signed: SignedSite, sibling: SignedSite, open_site: NewSite, new_site: Callable[[str], NewSite]
) -> None:
    claim: Json = {"match": {"external_id": "ann"}}
    assert "identity" not in SignedSite(app, new_site("https://stranger.example")).put(**claim)

    assert refused(sibling.put(**claim)) == "identity_required"
    signed.set_identity("open")
    assert "identity" not in sibling.put(**claim)
    signed.set_identity("signed")
    assert refused(sibling.put(**claim)) == "identity_required"
    unlink(app, open_site, signed.database_id)
    assert "identity" not in sibling.put(**claim)
