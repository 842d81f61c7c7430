"""A visitor's pause: what it holds back, what ends it, and whom it follows."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from support.stopped_clock import StoppedClock
from support.visitors import Browser, places, profile_ids, set_status

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
