"""What the operator suspended, and an address that does not work, stay so whoever the page says its visitor is."""

from collections.abc import Callable

import pytest

from support.back_end import BackEnd
from support.visitors import Browser
from support.web_application import Json

Visit = Callable[[Browser], Json]

VISITS: dict[str, Visit] = {
    "logout": lambda browser: browser.post("logout"),
    "another login": lambda browser: browser.identify("bob"),
    "a wish to subscribe": lambda browser: browser.put(),
    "a wish of somebody else": lambda browser: browser.put(match={"external_id": "bob"}),
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
