"""Messages of a signed site to anonymous browsers that its back end knows by their profiles."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from api.signed_site import SignedSite
from sitebell.services.databases import get_database, link_database
from sitebell.services.identity.strictness import note_strictness
from sitebell.services.sites import NewSite, get_site
from support.back_end import BackEnd
from support.shop import Shop
from support.stopped_clock import StoppedClock
from support.visitors import add_fields
from support.web_application import Json, new_subscription, parts

pytestmark = pytest.mark.shared_app

VIP: Json = {"field": "tags", "op": "contains", "value": "vip"}


def visit(signed: SignedSite, subscription: Json | None = None, **body: Any) -> tuple[str, str]:
    """Subscribe a browser and return its hash and its profile."""
    answer = signed.put(subscription or new_subscription(), **body)
    return answer["subscriber_hash"], answer["enrollments"][0]["profile_id"]


def test_what_the_back_end_says_of_an_anonymous_profile_reaches_its_browser(signed: SignedSite, shop: Shop) -> None:
    (tagged, profile_id), (other, _) = visit(signed, time_zone="Europe/Rome"), visit(signed)
    shop.ask("PATCH", f"{shop.profiles}/{profile_id}", {"tags": {"add": ["vip"]}})

    here: Json = {"field": "_tz", "op": "eq", "value": "Europe/Rome"}
    for audience in ({"tags": ["vip"]}, {"profile_ids": [profile_id]}, {"where": VIP}, {"where": here}):
        assert shop.reached(audience) == {tagged}, audience
        assert shop.reached(audience, verified=True) == set(), audience
    assert shop.reached({"where": {"not": VIP}}) == {other}


@pytest.mark.parametrize("way", ["signed", "linked"])
def test_sec_22_what_a_browser_wrote_of_itself_while_the_site_was_open_reaches_nobody_later(
    app: Flask, site: NewSite, shop: Shop, new_site: Callable[[str], NewSite], clock: StoppedClock, way: str
) -> None:
    """A stranger wrote the customer's card number; then the site is signed, or shares people with one that is."""
    opened = SignedSite(app, site)
    add_fields(app, opened.database_id, card="text")
    opened.put(new_subscription(), fields={"card": "A-7"}, tags={"add": ["vip"]})
    here: Json = {"where": {"field": "card", "op": "eq", "value": "A-7"}}
    assert len(shop.reached(here)) == 1
    clock.advance(seconds=1)

    if way == "signed":
        opened.set_identity("signed")
    else:
        other = SignedSite(app, new_site("https://other.example"))
        other.set_identity("signed")
        with parts(app).store.writing() as session:
            link_database(session, get_site(session, opened.token), get_database(session, other.database_id))
            note_strictness(session, parts(app).clock())

    assert shop.reached(here) == shop.reached({"tags": ["vip"]}) == set()


@pytest.mark.parametrize("name", [{"external_id": "ann"}, {"email": "ann@example.com"}, {"phones": ["+4930901820"]}])
def test_a_browser_whose_profile_the_back_end_names_is_proved(signed: SignedSite, shop: Shop, name: Json) -> None:
    named, profile_id = visit(signed)
    shop.ask("PATCH", f"{shop.profiles}/{profile_id}", name)

    assert shop.reached({"profile_ids": [profile_id]}, verified=True) == {named}
    assert [bound_by for *_, bound_by in signed.present()] == ["backend"]


def test_a_browser_whose_profile_the_back_end_merges_into_a_person_is_proved(signed: SignedSite, shop: Shop) -> None:
    named, profile_id = visit(signed)
    ann = shop.add_profile(external_id="ann")
    shop.ask("POST", f"{shop.profiles}/{ann}/merge", {"from": profile_id})

    assert shop.reached({"external_ids": ["ann"]}, verified=True) == {named}


@pytest.mark.parametrize("verified", [True, False])
def test_a_browser_that_claimed_a_name_is_not_proved_by_a_write_that_finds_it_by_one(
    app: Flask, site: NewSite, office: BackEnd, shop: Shop, *, verified: bool
) -> None:
    """A stranger wrote the customer's address, or their card, before the back end's next upload."""
    opened = SignedSite(app, site)
    add_fields(app, opened.database_id, card="text")
    opened.put(new_subscription(), fields={"email": "ann@example.com"})
    opened.put(new_subscription(), fields={"card": "A-7"})
    opened.set_identity("signed")
    by_mail: Json = {"match": {"email": "ann@example.com"}, "external_id": "ann"}
    by_card: Json = {"match": {"custom": {"field": "card", "value": "A-7"}}, "external_id": "bob"}
    written = office.ask("POST", f"{office.profiles}/bulk", [by_mail, by_card])["results"]

    assert [row["status"] for row in written] == ["updated", "updated"]
    assert len(office.search(external_id="ann")) == len(office.search(external_id="bob")) == 1
    assert shop.reached({"external_ids": ["ann", "bob"]}, verified=verified) == set()


def test_a_browser_that_wrote_a_name_while_the_site_was_open_is_not_reached_by_it(
    app: Flask, site: NewSite, shop: Shop
) -> None:
    opened = SignedSite(app, site)
    opened.put(fields={"email": "ann@example.com"})
    opened.set_identity("signed")

    assert shop.reached({"where": {"field": "email", "op": "eq", "value": "ann@example.com"}}) == set()
