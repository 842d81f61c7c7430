"""A pause is the visitor's, in whatever database of the site they are known."""

from collections.abc import Callable

import pytest
from flask import Flask

from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.stopped_clock import StoppedClock
from support.visitors import Browser, add_database
from support.web_application import Json

ARRIVALS: dict[str, Callable[[Browser], Json]] = {
    "login": lambda browser: browser.identify("ann"),
    "a wish to subscribe and a login": lambda browser: browser.put(match={"external_id": "ann"}),
}


@pytest.mark.parametrize("arrive", ARRIVALS.values(), ids=ARRIVALS)
@pytest.mark.parametrize("who", [{}, {"match": {"external_id": "ann"}}], ids=["anonymous", "known"])
def test_a_pause_holds_in_a_database_that_is_linked_later(
    app: Flask, site: NewSite, browser: Browser, who: Json, arrive: Callable[[Browser], Json]
) -> None:
    browser.put(**who)
    browser.post("pause")
    add_database(app, site)

    assert [row["status"] for row in arrive(browser)["enrollments"]] == ["suspended"] * 2
    assert [row["status"] for row in browser.post("logout")["enrollments"]] == ["suspended"] * 2
    assert [row["status"] for row in browser.post("resume")["enrollments"]] == ["subscribed"] * 2
    assert [row["status"] for row in browser.identify("ann")["enrollments"]] == ["subscribed"] * 2


def test_a_pause_of_the_anonymous_browser_holds_in_a_database_that_is_linked_later(
    app: Flask, site: NewSite, browser: Browser
) -> None:
    browser.put()
    browser.post("pause")
    add_database(app, site)

    assert [row["status"] for row in browser.put()["enrollments"]] == ["suspended"] * 2


@pytest.mark.parametrize("who", [{}, {"match": {"external_id": "ann"}}], ids=["anonymous", "known"])
@pytest.mark.parametrize("order", [1, -1])
def test_a_pause_goes_along_to_another_database(
    app: Flask, site: NewSite, browser: Browser, who: Json, order: int
) -> None:
    first, second = sorted([site.database_id, add_database(app, site)])[::order]
    browser.put(**who, database_ids=[first])
    browser.post("pause")

    assert browser.identify("ann", database_ids=[second])["enrollments"][0]["status"] == "suspended"
    assert browser.refresh()["enrollments"][0]["status"] == "suspended"

    browser.post("resume")
    assert browser.identify("ann", database_ids=[first])["enrollments"][0]["status"] == "subscribed"
    assert browser.identify("ann", database_ids=[second])["enrollments"][0]["status"] == "subscribed"
    assert [row["status"] for row in browser.post("logout")["enrollments"]] == ["subscribed"] * 2


@pytest.mark.parametrize("has_logged_out", [False, True])
@pytest.mark.parametrize("order", [1, -1])
def test_a_pause_does_not_reach_another_person_by_way_of_another_database(
    app: Flask, site: NewSite, browser: Browser, order: int, *, has_logged_out: bool
) -> None:
    first, second = sorted([site.database_id, add_database(app, site)])[::order]
    browser.put(match={"external_id": "ann"}, database_ids=[first])
    browser.post("pause")
    if has_logged_out:
        browser.post("logout")

    assert browser.identify("bob", database_ids=[second])["enrollments"][0]["status"] == "subscribed"
    assert {row["status"] for row in browser.identify("bob", database_ids=[first, second])["enrollments"]} == {
        "subscribed"
    }
    assert browser.identify("ann", database_ids=[first])["enrollments"][0]["status"] == "suspended"


KNOWN_BY: dict[str, Json] = {
    "external_id": {"external_id": "ann"},
    "email": {"email": "ann@example.com"},
    "phone": {"phone": "+4930901820"},
}


@pytest.mark.parametrize("match", KNOWN_BY.values(), ids=KNOWN_BY)
def test_a_pause_goes_along_with_whoever_the_back_end_attaches_by_whatever_they_are_known(
    app: Flask, office: BackEnd, browser: Browser, match: Json
) -> None:
    """The back end names a profile; who is the same person elsewhere is said by what stands in it."""
    first, second = office.site.database_id, add_database(app, office.site)
    subscriber = browser.put(match=match, database_ids=[first])["subscriber_hash"]
    browser.post("pause")
    people = f"/v1/databases/{second}/profiles"
    phones = {"phones": ["+4930901899", match["phone"]]} if "phone" in match else match
    ann, bob = (office.ask("POST", people, who)["id"] for who in (phones, {"external_id": "bob"}))

    for person, status in ((bob, "subscribed"), (ann, "suspended")):
        attached = office.ask("PUT", f"{people}/{person}/subscriptions/{subscriber}", {})
        assert attached["enrollment"]["status"] == status


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("comes", ["bob", "ann"])
def test_a_pause_that_somebody_left_in_one_database_only_holds_for_nobody_else_in_any(
    app: Flask, site: NewSite, browser: Browser, clock: StoppedClock, comes: str, order: int
) -> None:
    """At the logout it came along to the other database, where nobody ever was but the anonymous visitor."""
    first, _ = sorted([site.database_id, add_database(app, site)])[::order]
    browser.put()
    browser.identify("ann", database_ids=[first])
    browser.post("pause")
    clock.advance(seconds=1)

    assert [row["status"] for row in browser.post("logout")["enrollments"]] == ["suspended"] * 2
    clock.advance(seconds=1)
    expected = "suspended" if comes == "ann" else "subscribed"
    assert [row["status"] for row in browser.identify(comes)["enrollments"]] == [expected] * 2


@pytest.mark.parametrize("comes", ["bob", "ann", "eve"])
def test_a_pause_is_of_who_made_it_and_not_of_who_was_there_before_in_another_database(
    app: Flask, site: NewSite, browser: Browser, clock: StoppedClock, comes: str
) -> None:
    add_database(app, site)
    browser.put(match={"external_id": "ann"})
    clock.advance(seconds=1)
    browser.identify("bob", database_ids=[site.database_id])
    browser.post("pause")
    clock.advance(seconds=1)
    browser.post("logout")
    clock.advance(seconds=1)

    expected = "suspended" if comes == "bob" else "subscribed"
    assert [row["status"] for row in browser.identify(comes)["enrollments"]] == [expected] * 2


def test_a_pause_of_who_never_logged_in_goes_along_though_somebody_else_left_one_elsewhere_before(
    app: Flask, site: NewSite, browser: Browser, clock: StoppedClock
) -> None:
    first, second = site.database_id, add_database(app, site)
    browser.put(match={"external_id": "ann"}, database_ids=[first])
    browser.post("pause")
    clock.advance(seconds=1)
    browser.identify("bob", database_ids=[second])
    clock.advance(seconds=1)
    browser.post("logout")
    browser.post("pause")
    clock.advance(seconds=1)

    assert [row["status"] for row in browser.identify("eve")["enrollments"]] == ["suspended"] * 2
