"""Whoever logs in with an external id that was lost in a merge is the person who is left."""

import pytest

from api.signed_site import SignedSite
from support.back_end import BackEnd
from support.signer import Signer
from support.visitors import Browser, profile_ids

pytestmark = pytest.mark.shared_app


@pytest.fixture
def merged(office: BackEnd) -> str:
    """A person who was ann and other, and is ann now."""
    ann, other = office.add_profile(external_id="ann"), office.add_profile(external_id="other")
    office.ask("POST", f"{office.profiles}/{ann}/merge", {"from": other})
    return ann


def test_a_login_with_a_lost_id_finds_who_is_left(office: BackEnd, browser: Browser, merged: str) -> None:
    browser.put(match={"external_id": "ann"})

    assert profile_ids(browser.identify("other")) == [merged]
    assert browser.profile_id() == merged
    assert office.read_profile(merged)["external_id"] == "ann"
    assert office.search(external_id="other") == []


def test_a_token_and_a_wish_to_subscribe_find_who_is_left(
    signed: SignedSite, signer: Signer, browser: Browser, merged: str
) -> None:
    token = signer.sign(signed.token, signed.clock(), sub="other")

    assert profile_ids(signed.put(identity=token)) == [merged]
    signed.set_identity("open")
    assert profile_ids(browser.put(match={"external_id": "other", "email": "o@example.com"})) == [merged]


def test_a_lost_id_follows_its_person_through_further_merges(office: BackEnd, browser: Browser, merged: str) -> None:
    last = office.add_profile(external_id="last")
    office.ask("POST", f"{office.profiles}/{last}/merge", {"from": merged})

    assert profile_ids(browser.put(match={"external_id": "other"})) == [last]
    assert profile_ids(browser.identify("ann")) == [last]


def test_a_write_by_a_lost_id_changes_who_is_left(office: BackEnd, merged: str) -> None:
    row = {"match": {"external_id": "other"}, "fields": {"_fname": "Ann"}}

    [written] = office.ask("POST", f"{office.profiles}/bulk", [row])["results"]

    assert (written["status"], written["profile_id"]) == ("updated", merged)
    assert office.read_profile(merged)["fields"]["_fname"] == "Ann"


def test_a_write_that_says_the_lost_id_again_renames_nobody(office: BackEnd, merged: str) -> None:
    rows = [{"match": {"external_id": name}, "external_id": name} for name in ("other", "ann")]

    written = office.ask("POST", f"{office.profiles}/bulk", rows)["results"]

    assert [(row["status"], row["profile_id"]) for row in written] == [("updated", merged)] * 2
    assert office.read_profile(merged)["external_id"] == "ann"


def test_a_write_by_a_lost_id_may_give_a_third(office: BackEnd, merged: str) -> None:
    row = {"match": {"external_id": "other"}, "external_id": "third"}

    [written] = office.ask("POST", f"{office.profiles}/bulk", [row])["results"]

    assert (written["status"], written["profile_id"]) == ("updated", merged)
    assert office.read_profile(merged)["external_id"] == "third"


@pytest.mark.parametrize("how", ["made", "renamed"])
def test_a_profile_that_gets_a_lost_id_later_has_it_alone(
    signed: SignedSite, signer: Signer, office: BackEnd, how: str, merged: str
) -> None:
    if how == "made":
        new = office.add_profile(external_id="other")
    else:
        new = office.add_profile(external_id="third")
        office.ask("PATCH", f"{office.profiles}/{new}", {"external_id": "other"})
    token = signer.sign(signed.token, signed.clock(), sub="other")
    signed.clock.advance(minutes=1)
    office.erase(merged)

    assert profile_ids(signed.put(identity=token)) == [new]


def test_a_lost_id_means_nobody_once_its_person_is_erased(office: BackEnd, browser: Browser, merged: str) -> None:
    office.erase(merged)

    assert profile_ids(browser.put(match={"external_id": "other"})) != [merged]
    assert len(office.search(external_id="other")) == 1


def test_an_id_that_its_person_took_back_can_be_lost_again(
    signed: SignedSite, signer: Signer, office: BackEnd, merged: str
) -> None:
    office.ask("PATCH", f"{office.profiles}/{merged}", {"external_id": None})
    signed.put(identity=signer.sign(signed.token, signed.clock(), sub="other"))
    assert office.read_profile(merged)["external_id"] == "other"
    last = office.add_profile(external_id="last")

    office.ask("POST", f"{office.profiles}/{last}/merge", {"from": merged})

    assert profile_ids(signed.put(identity=signer.sign(signed.token, signed.clock(), sub="other"))) == [last]
