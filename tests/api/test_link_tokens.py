"""Links of newsletters: an anonymous browser joins the reader's profile, and nobody else's word is overruled."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from api.signed_site import SignedSite, refused
from sitebell.services.sites import NewSite
from support.signer import Signer
from support.web_application import Json, new_subscription, refusal

pytestmark = pytest.mark.shared_app

READER: Json = {"external_id": "reader-7"}
READER_RECEIVES = ("reader-7", "subscribed")


@pytest.fixture(params=["open", "signed"])
def linked(app: Flask, site: NewSite, request: pytest.FixtureRequest) -> SignedSite:
    """A site of either kind."""
    linked = SignedSite(app, site)
    linked.set_identity(request.param)
    return linked


def make_link(linked: SignedSite, match: Json = READER, **options: Any) -> Json:
    """Make a link as the site's back end does."""
    made: Any = linked.client.post("/v1/links", json={"match": match, **options}, headers=linked.back_end)
    assert made.status_code == 201, made.json
    link: Json = made.json
    return link


def test_an_anonymous_browser_joins_the_readers_profile(linked: SignedSite) -> None:
    link = make_link(linked)

    answer = linked.put(link=link["token"])

    assert link["parameter"] == f"bell={link['token']}"
    assert answer["link"] == {"status": "joined"}
    assert [row["profile_id"] for row in answer["enrollments"]] == [link["profiles"][0]["profile_id"]]
    assert linked.present() == [("reader-7", None, "subscribed", "link")]


def test_a_browser_that_subscribed_before_joins_at_its_next_visit(linked: SignedSite) -> None:
    linked.put()

    linked.put(intent="refresh", link=make_link(linked)["token"])

    assert linked.known() == ["reader-7"]


def test_a_link_holds_no_address(linked: SignedSite) -> None:
    """It stands in URLs, and URLs stand in logs."""
    link = make_link(linked, {"email": "ann@example.com", "phone": "+4930901820"})
    claims = Signer.read(link["token"])

    assert set(claims) == {"aud", "sub", "profiles", "iat", "exp"}
    assert claims["profiles"] == [link["profiles"][0]["profile_id"]] == [claims["sub"]]


def test_a_link_that_the_site_signs_itself_counts(linked: SignedSite) -> None:
    signer = linked.add_key(Signer())
    token = signer.link(linked.token, linked.clock(), sub="reader-7", lifetime=timedelta(days=30))

    assert linked.put(link=token)["link"] == {"status": "joined"}
    assert linked.known() == ["reader-7"]


def test_sec_21_a_link_is_no_identity_and_an_identity_is_no_link(linked: SignedSite) -> None:
    signer = linked.add_key(Signer())
    identity, link = signer.sign(linked.token, linked.clock()), signer.link(linked.token, linked.clock())

    for token in (link, make_link(linked)["token"]):
        assert refused(linked.put(identity=token)) == "invalid_identity"
    assert refused(linked.put(link=identity), "link") == "invalid_link"
    assert linked.known() == [None]


def test_a_link_never_moves_a_browser_of_somebody_known(linked: SignedSite) -> None:
    signer = linked.add_key(Signer())
    linked.put(identity=signer.sign(linked.token, linked.clock(), sub="somebody"))

    answer = linked.put(intent="refresh", link=make_link(linked)["token"])

    assert refused(answer, "link") == "link_not_used"
    assert linked.known() == ["somebody"]


@pytest.mark.parametrize("name", [{"email": "ben@example.com"}, {"phones": ["+4930901820"]}], ids=str)
def test_a_link_never_moves_a_browser_where_somebody_wrote_who_they_are(app: Flask, site: NewSite, name: Json) -> None:
    """An open site's page needs no login for that."""
    linked = SignedSite(app, site)
    before = linked.put(fields=name)["enrollments"]

    answer = linked.put(intent="refresh", link=make_link(linked)["token"])

    assert refused(answer, "link") == "link_not_used"
    assert answer["enrollments"] == before


def test_a_login_takes_the_browser_from_a_link(linked: SignedSite) -> None:
    signer = linked.add_key(Signer())
    linked.put(link=make_link(linked)["token"])

    linked.put(identity=signer.sign(linked.token, linked.clock(), sub="somebody"))

    assert linked.known() == ["somebody"]


def test_who_logged_out_is_not_brought_back_by_an_older_link(linked: SignedSite) -> None:
    """Else a page that keeps the link would undo the logout at the next visit."""
    old = make_link(linked)["token"]
    linked.put(link=old)
    linked.clock.advance(minutes=5)
    linked.log_out()
    linked.clock.advance(minutes=5)
    newer = make_link(linked)["token"]

    assert refused(linked.put(intent="refresh", link=old), "link") == "link_not_used"
    assert linked.known() == [None]
    assert linked.put(intent="refresh", link=newer)["link"] == {"status": "joined"}


def test_who_logged_out_is_not_brought_back_by_a_link_of_a_clock_that_is_ahead(linked: SignedSite) -> None:
    ahead = linked.add_key(Signer()).link(linked.token, linked.clock() + timedelta(seconds=50), sub="reader-7")
    linked.put(link=ahead)
    linked.clock.advance(seconds=10)
    linked.log_out()
    linked.clock.advance(minutes=5)

    assert refused(linked.put(intent="refresh", link=ahead), "link") == "link_not_used"


def test_a_link_lifts_no_pause_and_no_opt_out(linked: SignedSite) -> None:
    link = make_link(linked)["token"]
    linked.put()
    proof = {"subscription": linked.subscription}
    linked.client.post(f"/v1/sites/{linked.token}/subscription/pause", json=proof)
    paused = linked.put(intent="refresh", link=link)
    linked.client.post(f"/v1/sites/{linked.token}/subscription/resume", json=proof)
    linked.client.post(f"/v1/sites/{linked.token}/subscription/unsubscribe", json=proof)
    ended = linked.put(intent="refresh", link=link)

    assert [refused(answer, "link") for answer in (paused, ended)] == ["link_not_used"] * 2
    assert ended["status"] == "unsubscribed"
    assert linked.known() == [None]


@pytest.mark.parametrize("fault", ["expired", "forged", "changed", "other site", "too long", "no token"])
def test_with_an_unusable_link_the_rest_is_done(linked: SignedSite, fault: str) -> None:
    signer = linked.add_key(Signer())
    head, payload, mac = make_link(linked)["token"].split(".")
    tokens = {
        "expired": signer.link(linked.token, linked.clock() - timedelta(days=2)),
        "forged": Signer().link(linked.token, linked.clock()),
        "changed": f"{head}.{payload[:-2]}{'AA' if payload[-2:] != 'AA' else 'BB'}.{mac}",
        "other site": signer.link("another", linked.clock()),
        "too long": signer.link(linked.token, linked.clock(), lifetime=timedelta(days=30, seconds=1)),
        "no token": "x",
    }

    answer = linked.put(link=tokens[fault], time_zone="Europe/Berlin")

    assert refused(answer, "link") == "invalid_link"
    assert answer["status"] == "subscribed"
    assert linked.known() == [None]


@pytest.mark.parametrize("first", ["link", "identity"])
def test_the_same_jti_counts_once_as_a_link_and_once_as_an_identity(linked: SignedSite, first: str) -> None:
    """A back end may count its newsletters and its logins each from 1."""
    signer = linked.add_key(Signer())
    now = linked.clock()
    said: dict[str, Json] = {
        "link": {"link": signer.link(linked.token, now, jti="7")},
        "identity": {"identity": signer.sign(linked.token, now, jti="7")},
    }
    taken = {"link": {"status": "joined"}, "identity": {"status": "verified"}}

    for name in sorted(said, reverse=first == "link"):
        assert linked.put(new_subscription(), **said[name])[name] == taken[name]
    for name, word in said.items():
        assert "used already" in linked.put(new_subscription(), **word)[name]["message"]


def test_a_link_ends_when_it_said(linked: SignedSite) -> None:
    link = make_link(linked, expires_in=3600)["token"]
    linked.clock.advance(hours=1, minutes=2)

    assert refused(linked.put(link=link), "link") == "invalid_link"


def test_sec_16_a_forwarded_link_pushes_out_no_browser_that_logged_in(linked: SignedSite) -> None:
    signer = linked.add_key(Signer())
    linked.put(identity=signer.sign(linked.token, linked.clock(), sub="reader-7"))
    link = make_link(linked)["token"]

    for _ in range(21):
        linked.clock.advance(seconds=1)
        linked.put(new_subscription(), link=link)

    receiving = [bound_by for name, _, status, bound_by in linked.present() if (name, status) == READER_RECEIVES]
    assert (receiving.count("signed"), receiving.count("link")) == (1, 20)


def test_a_link_leads_to_the_profile_into_which_its_own_was_merged(linked: SignedSite) -> None:
    link, newer = make_link(linked), make_link(linked, {"external_id": "reader-8"})
    newest = make_link(linked, {"external_id": "reader-9"})
    ids = [made["profiles"][0]["profile_id"] for made in (link, newer, newest)]
    profiles = f"/v1/databases/{linked.database_id}/profiles"
    for target, source in ((ids[1], ids[0]), (ids[2], ids[1])):
        merged = linked.client.post(f"{profiles}/{target}/merge", json={"from": source}, headers=linked.back_end)
        assert merged.status_code == 200, merged.json

    assert linked.put(link=link["token"])["link"] == {"status": "joined"}
    assert linked.known() == ["reader-9"]


def test_a_link_of_a_profile_that_is_gone_makes_none(linked: SignedSite) -> None:
    link = make_link(linked)
    path = f"/v1/databases/{linked.database_id}/profiles/{link['profiles'][0]['profile_id']}"
    assert linked.client.delete(path, headers=linked.back_end).status_code in (200, 204)

    answer = linked.put(link=link["token"])
    assert refused(answer, "link") == "link_not_used"
    assert "erased" in answer["link"]["message"]
    assert "reader-7" not in [profile.external_id for profile in linked.profiles()]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"match": {}}, "empty_match"),
        ({"match": READER, "expires_in": 30 * 86_400 + 1}, "invalid"),
        ({"match": {"email": "no address"}}, "invalid_email"),
        ({"match": {"profile_id": "0" * 24}}, "profile_not_found"),
        ({}, "invalid"),
    ],
    ids=str,
)
def test_a_link_for_nobody_is_not_made(linked: SignedSite, body: Json, code: str) -> None:
    answer = linked.client.post("/v1/links", json=body, headers=linked.back_end)

    assert refusal(answer)[1] == code
