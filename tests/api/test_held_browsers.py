"""What the operator suspended, and an address that does not work, stay so whoever the page says its visitor is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from support.back_end import BackEnd
from support.stopped_clock import StoppedClock
from support.visitors import Browser, add_database
from support.web_application import Json

pytestmark = pytest.mark.shared_app

Visit = Callable[[Browser], Json]

VISITS: dict[str, Visit] = {
    "logout": lambda browser: browser.post("logout"),
    "another login": lambda browser: browser.identify("bob"),
    "a wish to subscribe": lambda browser: browser.put(),
    "a wish of somebody else": lambda browser: browser.put(match={"external_id": "bob"}),
    "an end and a wish to subscribe": lambda browser: [browser.post("unsubscribe"), browser.put()][-1],
    "resume": lambda browser: browser.post("resume"),
}


@pytest.fixture(params=["ann", None], ids=["known", "anonymous"])
def subscriber(browser: Browser, request: pytest.FixtureRequest) -> str:
    """The hash of a browser that is Ann's, or nobody's."""
    who = {"match": {"external_id": request.param}} if request.param else {}
    found: str = browser.put(**who)["subscriber_hash"]
    return found


@pytest.mark.parametrize("visit", VISITS.values(), ids=VISITS)
def test_the_operators_suspension_goes_along_wherever_the_page_binds(
    office: BackEnd, browser: Browser, subscriber: str, visit: Visit
) -> None:
    office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")

    visit(browser)
    assert browser.statuses() == ["suspended"]

    office.ask("POST", f"/v1/subscribers/{subscriber}/resume")
    assert browser.statuses() == ["subscribed"]


def test_the_operator_resumes_also_where_the_browser_was_suspended_first(office: BackEnd, browser: Browser) -> None:
    subscriber = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")
    browser.post("logout")
    office.ask("POST", f"/v1/subscribers/{subscriber}/resume")

    assert browser.identify("ann")["enrollments"][0]["status"] == "subscribed"
    assert browser.post("logout")["enrollments"][0]["status"] == "subscribed"


PAUSES: dict[str, Callable[[Browser], Json]] = {
    "known": lambda browser: browser.post("pause"),
    "then logged out": lambda browser: [browser.post("pause"), browser.post("logout")][-1],
    "logged out": lambda browser: [browser.post("logout"), browser.post("pause")][-1],
}
paused = pytest.mark.parametrize("pause", PAUSES.values(), ids=PAUSES)


@paused
@pytest.mark.parametrize("visit", VISITS.values(), ids=VISITS)
def test_the_operators_suspension_holds_at_a_browser_that_its_visitor_has_paused(
    office: BackEnd, browser: Browser, pause: Visit, visit: Visit
) -> None:
    """Else a visitor gets past it by pausing first."""
    subscriber = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    pause(browser)
    office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")

    visit(browser)
    assert browser.post("resume")["enrollments"][0]["status"] == "suspended"

    office.ask("POST", f"/v1/subscribers/{subscriber}/resume")
    assert browser.statuses() == ["subscribed"]


@paused
def test_a_pause_holds_when_the_operator_has_suspended_and_resumed(
    office: BackEnd, browser: Browser, pause: Visit
) -> None:
    subscriber = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    pause(browser)
    for step in ("suspend", "resume"):
        office.ask("POST", f"/v1/subscribers/{subscriber}/{step}")

    assert browser.statuses() == ["suspended"]
    assert browser.identify("ann")["enrollments"][0]["status"] == "suspended"
    assert browser.post("resume")["enrollments"][0]["status"] == "subscribed"


def test_a_pause_of_a_suspended_browser_holds_when_the_operator_resumes(office: BackEnd, browser: Browser) -> None:
    subscriber = browser.put()["subscriber_hash"]
    office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")
    browser.post("pause")

    office.ask("POST", f"/v1/subscribers/{subscriber}/resume")
    assert browser.statuses() == ["suspended"]
    assert browser.post("resume")["enrollments"][0]["status"] == "subscribed"


@pytest.mark.parametrize("has_logged_out", [False, True])
def test_the_operators_suspension_stays_when_the_pause_beneath_it_is_over(
    office: BackEnd, browser: Browser, clock: StoppedClock, *, has_logged_out: bool
) -> None:
    subscriber = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    browser.post("pause", until=(clock() + timedelta(hours=1)).isoformat())
    if has_logged_out:
        browser.post("logout")
    office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")
    clock.advance(hours=2)

    assert browser.refresh()["enrollments"][0]["status"] == "suspended"
    assert browser.identify("ann")["enrollments"][0]["status"] == "suspended"
    office.ask("POST", f"/v1/subscribers/{subscriber}/resume")
    assert browser.statuses() == ["subscribed"]


@pytest.mark.parametrize("is_paused", [False, True])
def test_the_operators_suspension_holds_in_all_databases_of_the_site(
    app: Flask, office: BackEnd, browser: Browser, *, is_paused: bool
) -> None:
    add_database(app, office.site)
    subscriber = browser.put()["subscriber_hash"]
    if is_paused:
        browser.post("pause")
    office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")
    add_database(app, office.site)

    assert [row["status"] for row in browser.put(match={"external_id": "ann"})["enrollments"]] == ["suspended"] * 3
    assert [row["status"] for row in browser.post("resume")["enrollments"]] == ["suspended"] * 3
    office.ask("POST", f"/v1/subscribers/{subscriber}/resume")
    assert browser.statuses() == ["subscribed"] * 3
    browser.post("logout")
    assert browser.statuses() == ["subscribed"] * 3


def test_the_back_end_suspends_also_where_the_visitor_has_paused(office: BackEnd, browser: Browser) -> None:
    subscriber = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    browser.post("pause")

    office.attach(browser.profile_id(), subscriber, status="suspended")

    assert browser.post("resume")["enrollments"][0]["status"] == "suspended"
    office.attach(browser.profile_id(), subscriber, status="subscribed")
    assert browser.statuses() == ["subscribed"]


@pytest.mark.parametrize("visit", VISITS.values(), ids=VISITS)
@pytest.mark.parametrize("status", ["hardbounced", "invalid", "unconfirmed"])
def test_a_faulty_address_stays_faulty_wherever_the_page_binds(
    office: BackEnd, browser: Browser, subscriber: str, status: str, visit: Visit
) -> None:
    office.attach(browser.profile_id(), subscriber, status=status)

    visit(browser)

    assert browser.statuses() == [status]


@pytest.mark.parametrize("status", ["hardbounced", "invalid", "unconfirmed", "suspended"])
def test_what_the_back_end_lifts_is_lifted_for_the_anonymous_browser_too(
    office: BackEnd, browser: Browser, status: str
) -> None:
    subscriber = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    ann = browser.profile_id()
    office.attach(ann, subscriber, status=status)
    browser.post("logout")

    office.attach(ann, subscriber, status="subscribed")

    assert browser.statuses() == ["subscribed"]
    assert browser.post("logout")["enrollments"][0]["status"] == "subscribed"
    assert browser.identify("ann")["enrollments"][0]["status"] == "subscribed"


@pytest.mark.parametrize("visit", VISITS.values(), ids=VISITS)
@pytest.mark.parametrize("no", ["unsubscribed", "unconfirmed"])
def test_the_operators_suspension_holds_beneath_an_opt_out_and_a_missing_confirmation(
    office: BackEnd, browser: Browser, subscriber: str, no: str, visit: Visit
) -> None:
    """Else a visitor gets past it by opting out first, and subscribing again."""
    office.attach(browser.profile_id(), subscriber, status=no)
    office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")

    for step in (visit, VISITS["a wish to subscribe"], VISITS["resume"]):
        step(browser)
        assert browser.statuses() != ["subscribed"]

    office.ask("POST", f"/v1/subscribers/{subscriber}/resume")
    assert browser.put()["enrollments"][0]["status"] == ("unconfirmed" if no == "unconfirmed" else "subscribed")


ORDERS: dict[str, tuple[str, ...]] = {
    "suspended, then refused": ("suspend", "refuse"),
    "refused, then suspended": ("refuse", "suspend"),
    "refused, then suspended at the profile": ("refuse", "suspend here"),
    "suspended, then logged out": ("refuse", "suspend", "logout"),
    "paused meanwhile": ("refuse", "suspend", "pause"),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("no", ["unsubscribed", "unconfirmed"])
def test_what_was_refused_stays_so_when_the_operator_has_suspended_and_resumed(
    office: BackEnd, browser: Browser, no: str, order: tuple[str, ...]
) -> None:
    subscriber = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    ann = browser.profile_id()
    steps: dict[str, Callable[[], Json]] = {
        "refuse": lambda: office.attach(ann, subscriber, status=no),
        "suspend": lambda: office.ask("POST", f"/v1/subscribers/{subscriber}/suspend"),
        "suspend here": lambda: office.attach(ann, subscriber, status="suspended"),
        "logout": lambda: browser.post("logout"),
        "pause": lambda: browser.post("pause"),
    }

    for step in order:
        steps[step]()
    [standing] = office.ask("GET", f"/v1/subscribers/{subscriber}")["enrollments"]
    assert (standing["status"], standing["suspended_by"]) == (no, "operator")

    office.ask("POST", f"/v1/subscribers/{subscriber}/resume")
    [standing] = office.ask("GET", f"/v1/subscribers/{subscriber}")["enrollments"]
    assert (standing["status"], standing["suspended_by"]) == (no, None)
    assert browser.identify("ann")["enrollments"][0]["status"] == no
