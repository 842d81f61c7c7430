"""SEC-15 at the limit of SEC-16: a page whose browser newer ones have pushed out is answered as if it were not."""

from collections.abc import Callable

import pytest
from flask import Flask

from api.test_enumeration import without_ids
from support.back_end import BackEnd
from support.many_browsers import add_browsers
from support.query_plans import watched
from support.stopped_clock import StoppedClock
from support.visitors import Browser, profile_ids
from support.web_application import Json, parts

NewBrowser = Callable[[], Browser]
Calls = Callable[[Browser], list[Json]]
Crowd = Callable[[str], Browser]
MOST = 20
CALLS: dict[str, Calls] = {
    "looks": lambda browser: [browser.post("status")],
    "visits": lambda browser: [browser.refresh(), browser.post("status")],
    "writes": lambda browser: [
        browser.refresh(fields={"_fname": "Ann"}, tags={"add": ["vip"]}),
        browser.post("status"),
    ],
    "subscribes": lambda browser: [browser.put(), browser.post("status")],
    "pauses": lambda browser: [browser.post("pause"), browser.refresh(), browser.post("resume"), browser.refresh()],
    "logs out": lambda browser: [browser.post("logout"), browser.refresh(), browser.post("status")],
    "unsubscribes": lambda browser: [browser.post("unsubscribe"), browser.refresh(), browser.put(), browser.refresh()],
    "is somebody else": lambda browser: [browser.identify("bob"), browser.post("logout"), browser.post("status")],
    "is somebody besides": lambda browser: [browser.identify("bob", exclusive=False), browser.post("status")],
    "may not write": lambda browser: [browser.refresh(fields={"no_such_field": 1}), browser.post("status")],
}


@pytest.fixture
def crowd(app: Flask, new_browser: NewBrowser, clock: StoppedClock) -> Crowd:
    """Binds as many browsers as receive to somebody; returns the first, which is the next to be pushed out."""

    def bind(email: str) -> Browser:
        clock.advance(seconds=1)
        first = new_browser()
        [person] = profile_ids(first.put(match={"email": email}))
        clock.advance(seconds=1)
        add_browsers(app, person, MOST - 1, bound_at=clock())
        return first

    return bind


@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
def test_sec_15_a_browser_that_was_pushed_out_is_answered_what_it_was_told_before(
    app: Flask, new_browser: NewBrowser, crowd: Crowd, clock: StoppedClock, calls: Calls
) -> None:
    """Whoever claims somebody's address with twenty browsers learns from none when its owner visits."""
    strangers = [crowd("ann@example.com"), crowd("eve@example.com")]
    before = [browser.profile_id() for browser in strangers]
    new_browser().put(match={"email": "ann@example.com"})
    clock.advance(seconds=1)

    told = []
    for browser, profile_id in zip(strangers, before, strict=True):
        with watched(parts(app).store.engine) as statements:
            answers = calls(browser)
        is_theirs = [profile_id in profile_ids(answer) for answer in answers if "enrollments" in answer]
        told.append((without_ids(answers), is_theirs, len(statements)))

    assert told[0] == told[1]


def test_sec_15_a_claim_costs_the_same_where_it_pushes_somebody_out(
    app: Flask, new_browser: NewBrowser, crowd: Crowd
) -> None:
    """Of somebody whom as many browsers as may receive are bound to already, and of nobody."""
    crowd("ann@example.com")
    new_browser().put(match={"email": "somebody@example.com"})

    told = []
    for name in ("ann", "eve"):
        browser = new_browser()
        with watched(parts(app).store.engine) as statements:
            answer = browser.put(match={"email": f"{name}@example.com"})
        told.append((without_ids(answer), len(statements)))

    assert told[0] == told[1]


@pytest.mark.parametrize("name", ["eve", "ann"])
def test_sec_15_a_link_counts_the_same_at_a_browser_that_was_pushed_out(
    office: BackEnd, new_browser: NewBrowser, name: str
) -> None:
    """Also when its anonymous profile is what others have claimed."""
    visitor, owner = new_browser(), office.add_profile(email=f"{name}@example.com")
    [anonymous] = profile_ids(visitor.put())
    link = office.ask("POST", "/v1/links", {"match": {"profile_id": owner}, "expires_in": 600})["token"]
    if name == "ann":
        for _ in range(MOST):
            new_browser().put(match={"profile_id": anonymous})

    assert visitor.refresh(link=link)["link"] == {"status": "joined"}
    assert visitor.profile_id() == owner


def test_sec_16_the_api_shows_that_a_browser_was_pushed_out(
    office: BackEnd, new_browser: NewBrowser, crowd: Crowd
) -> None:
    """And only the API: it receives nothing until its page names its visitor again."""
    stranger = crowd("ann@example.com")
    new_browser().put(match={"email": "ann@example.com"})

    subscriber = f"/v1/subscribers/{stranger.post('status')['subscriber_hash']}"
    [row] = office.ask("GET", subscriber)["enrollments"]
    assert (stranger.statuses(), stranger.profile_id()) == (["subscribed"], row["profile_id"])
    assert (row["status"], row["suspended_by"], row["left_at"]) == ("suspended", "crowd", None)
    stranger.refresh(match={"email": "ann@example.com"})
    [row] = office.ask("GET", subscriber)["enrollments"]
    assert (row["status"], row["suspended_by"]) == ("subscribed", None)


def test_sec_16_the_operator_suspends_also_a_browser_that_was_pushed_out(
    office: BackEnd, new_browser: NewBrowser, crowd: Crowd
) -> None:
    stranger = crowd("ann@example.com")
    new_browser().put(match={"email": "ann@example.com"})
    office.ask("POST", f"/v1/subscribers/{stranger.post('status')['subscriber_hash']}/suspend")

    assert stranger.refresh(match={"email": "ann@example.com"})["enrollments"][0]["status"] == "suspended"
