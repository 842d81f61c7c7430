"""A visitor's pause: what it holds back, what ends it, and whom it follows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.stopped_clock import StoppedClock
from support.visitors import Browser, add_database, places, profile_ids, set_status
from support.web_application import Json

NewBrowser = Callable[[], Browser]
BY_REBIND = "suspended by rebind"


def test_a_pause_ends_with_resume(browser: Browser) -> None:
    browser.put(match={"external_id": "ann"})

    assert browser.post("pause")["enrollments"][0]["status"] == "suspended"
    assert browser.refresh()["enrollments"][0]["status"] == "suspended"
    assert browser.post("resume")["enrollments"][0]["status"] == "subscribed"


def test_a_pause_ends_at_its_moment(browser: Browser, clock: StoppedClock) -> None:
    browser.put()
    until = clock()
    clock.advance(hours=-1)
    browser.post("pause", until=until.isoformat())

    clock.advance(minutes=59)
    assert browser.statuses() == ["suspended"]
    clock.advance(minutes=1)
    assert browser.statuses() == ["subscribed"]


def test_a_pause_that_ended_while_the_browser_was_somebody_elses_is_lifted_by_binding_back(
    browser: Browser, clock: StoppedClock
) -> None:
    browser.put(match={"external_id": "ann"})
    browser.post("pause", until=(clock() + timedelta(hours=1)).isoformat())
    browser.identify("ben")
    clock.advance(hours=2)

    assert browser.identify("ann")["enrollments"][0]["status"] == "subscribed"


def test_a_second_pause_replaces_the_end_of_the_first(browser: Browser, clock: StoppedClock) -> None:
    browser.put()
    until = clock().isoformat()
    clock.advance(hours=-1)
    browser.post("pause", until=until)
    browser.post("pause")

    clock.advance(days=400)
    assert browser.statuses() == ["suspended"]


def test_resume_lifts_no_other_suspension(app: Flask, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    [bob] = profile_ids(browser.identify("bob"))
    set_status(app, bob, "suspended", "operator")

    browser.post("resume")

    assert places(app, [ann, bob]) == {ann: BY_REBIND, bob: "suspended by operator"}


def test_a_pause_follows_its_visitor_who_logs_in_or_out(browser: Browser) -> None:
    """It is the same person, and wanted silence."""
    browser.put()
    browser.post("pause")

    assert browser.identify("ann")["enrollments"][0]["status"] == "suspended"
    assert browser.post("logout")["enrollments"][0]["status"] == "suspended"
    assert browser.post("resume")["enrollments"][0]["status"] == "subscribed"


VISITS: dict[str, Callable[[Browser], Json]] = {
    "logout": lambda browser: browser.post("logout"),
    "login": lambda browser: browser.identify("ann"),
}
# Who is there, then logs in or out with the pause, and what happens after it was resumed.
TURNS = [
    (["logout", "login"], ["logout", "login", "logout"]),
    (["login", "logout"], ["login", "logout", "login"]),
    (["logout", "login", "logout"], ["login", "logout"]),
    (["login", "logout", "login"], ["logout", "login"]),
]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(("before", "after"), TURNS, ids=str)
def test_resume_ends_a_pause_wherever_it_went(
    app: Flask, site: NewSite, browser: Browser, number: int, before: list[str], after: list[str]
) -> None:
    if number == 2:
        add_database(app, site)
    browser.put()
    VISITS[before[0]](browser)
    browser.post("pause")
    for visit in before[1:]:
        VISITS[visit](browser)
        assert browser.statuses() == ["suspended"] * number

    browser.post("resume")

    assert browser.statuses() == ["subscribed"] * number
    for visit in after:
        VISITS[visit](browser)
        assert browser.statuses() == ["subscribed"] * number


def test_resume_ends_no_pause_of_somebody_who_was_here_before(browser: Browser, clock: StoppedClock) -> None:
    browser.put(match={"external_id": "bob"})
    browser.post("pause")
    browser.identify("ann")
    clock.advance(minutes=1)
    for step in ("pause", "resume", "logout", "pause", "resume"):
        browser.post(step)
    assert browser.statuses() == ["subscribed"]

    assert browser.identify("bob")["enrollments"][0]["status"] == "suspended"


def test_a_pause_of_somebody_else_is_not_left_with_the_anonymous_browser(browser: Browser) -> None:
    browser.put(match={"external_id": "ann"})
    browser.post("pause")
    browser.post("logout")
    browser.identify("bob")

    assert browser.post("logout")["enrollments"][0]["status"] == "subscribed"
    assert browser.identify("carl")["enrollments"][0]["status"] == "subscribed"
    assert browser.identify("ann")["enrollments"][0]["status"] == "suspended"


def test_the_last_word_on_when_a_pause_ends_goes_along(browser: Browser, clock: StoppedClock) -> None:
    until = [(clock() + timedelta(hours=hours)).isoformat() for hours in (1, 3)]
    browser.put(match={"external_id": "ann"})
    browser.post("pause", until=until[0])
    browser.post("logout")
    browser.post("pause", until=until[1])
    browser.identify("ann")

    clock.advance(hours=2)
    assert browser.refresh()["enrollments"][0]["status"] == "suspended"
    clock.advance(hours=1)
    assert browser.refresh()["enrollments"][0]["status"] == "subscribed"


def test_a_pause_stays_when_the_back_end_detaches_the_browser(office: BackEnd, browser: Browser) -> None:
    subscriber = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    browser.post("pause")

    office.ask("DELETE", f"{office.profiles}/{browser.profile_id()}/subscriptions/{subscriber}")

    assert browser.statuses() == ["suspended"]
    assert browser.post("resume")["enrollments"][0]["status"] == "subscribed"


def test_a_pause_does_not_follow_to_another_person(browser: Browser) -> None:
    browser.put(match={"external_id": "ann"})
    browser.post("pause")

    assert browser.identify("bob")["enrollments"][0]["status"] == "subscribed"


def test_a_pause_does_not_reach_another_person_by_way_of_a_logout(browser: Browser) -> None:
    browser.put(match={"external_id": "ann"})
    browser.post("pause")
    browser.post("logout")
    assert browser.statuses() == ["suspended"]

    browser.identify("bob")
    assert browser.statuses() == ["subscribed"]

    browser.post("logout")
    browser.identify("ann")
    assert browser.statuses() == ["suspended"]


def test_an_opt_out_follows_its_visitor_who_logs_in(app: Flask, browser: Browser) -> None:
    [nobody] = profile_ids(browser.put())
    set_status(app, nobody, "unsubscribed")

    assert browser.identify("ann")["enrollments"][0]["status"] == "unsubscribed"


def test_an_opt_out_is_not_hidden_by_a_pause_of_the_profile_it_follows_to(app: Flask, browser: Browser) -> None:
    browser.put(match={"external_id": "ann"})
    browser.post("pause")
    [nobody] = profile_ids(browser.post("logout"))
    set_status(app, nobody, "unsubscribed")

    browser.identify("ann")

    assert browser.post("resume")["enrollments"][0]["status"] == "unsubscribed"
