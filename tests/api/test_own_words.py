"""A back end takes back what it has ended itself; its visitor's no stays, wherever the browser goes meanwhile."""

from collections.abc import Callable

import pytest

from support.back_end import BackEnd
from support.visitors import Browser
from support.web_application import refusal

pytestmark = pytest.mark.shared_app

ENDS = ["unsubscribed", "complained"]
Move = Callable[[Browser], object]

MOVES: dict[str, Move] = {
    "nothing": lambda browser: browser.refresh(),
    "logout": lambda browser: browser.post("logout"),
    "logout and login": lambda browser: [browser.post("logout"), browser.identify("ann")],
    "another login": lambda browser: browser.identify("bob"),
    "another login and back": lambda browser: [browser.identify("bob"), browser.identify("ann")],
}


@pytest.fixture
def subscriber(browser: Browser) -> str:
    """The hash of Ann's browser."""
    found: str = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    return found


@pytest.fixture
def ann(browser: Browser, subscriber: str) -> str:
    """The id of Ann's profile."""
    assert subscriber
    return browser.profile_id()


def set_status(office: BackEnd, profile: str, subscriber: str, status: str) -> object:
    """Say a status; return where the browser stands then, or why it was refused."""
    answer = office.call("PUT", f"{office.profiles}/{profile}/subscriptions/{subscriber}", {"status": status})
    return answer.get_json()["enrollment"]["status"] if answer.status_code == 200 else refusal(answer)


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("word", ENDS)
def test_what_the_back_end_has_ended_it_takes_back_wherever_the_browser_was(
    office: BackEnd, browser: Browser, ann: str, subscriber: str, word: str, move: Move
) -> None:
    assert set_status(office, ann, subscriber, word) == word
    move(browser)

    assert set_status(office, ann, subscriber, "subscribed") == "subscribed"
    assert browser.identify("ann")["enrollments"][0]["status"] == "subscribed"
    assert browser.post("logout")["enrollments"][0]["status"] == "subscribed"


@pytest.mark.parametrize("word", ENDS)
def test_an_end_on_top_of_a_pause_is_not_taken_back(
    office: BackEnd, browser: Browser, ann: str, subscriber: str, word: str
) -> None:
    browser.post("pause")
    assert set_status(office, ann, subscriber, word) == word

    assert set_status(office, ann, subscriber, "subscribed") == (409, "opted_out")
    assert browser.statuses() == [word]


@pytest.mark.parametrize("word", ENDS)
def test_a_pause_on_top_of_an_end_keeps_the_back_end_from_taking_it_back(
    office: BackEnd, browser: Browser, ann: str, subscriber: str, word: str
) -> None:
    assert set_status(office, ann, subscriber, word) == word
    browser.post("pause")

    assert set_status(office, ann, subscriber, "subscribed") == (409, "opted_out")


def test_a_pause_that_comes_along_keeps_the_back_end_from_taking_back_its_end(
    office: BackEnd, browser: Browser, ann: str, subscriber: str
) -> None:
    assert set_status(office, ann, subscriber, "unsubscribed") == "unsubscribed"
    browser.identify("bob")
    browser.post("logout")
    browser.post("pause")
    office.ask("POST", f"{office.profiles}/{ann}/merge", {"from": browser.profile_id()})

    assert set_status(office, ann, subscriber, "subscribed") == (409, "opted_out")


def test_a_wish_to_subscribe_makes_the_next_end_the_back_ends_again(
    office: BackEnd, browser: Browser, ann: str, subscriber: str
) -> None:
    browser.post("pause")
    set_status(office, ann, subscriber, "unsubscribed")
    browser.put(match={"external_id": "ann"})
    assert set_status(office, ann, subscriber, "unsubscribed") == "unsubscribed"

    assert set_status(office, ann, subscriber, "subscribed") == "subscribed"


@pytest.mark.parametrize("word", ENDS)
def test_a_merge_keeps_whose_word_an_end_was(
    office: BackEnd, browser: Browser, ann: str, subscriber: str, word: str
) -> None:
    other = office.add_profile(external_id="other")
    office.attach(other, subscriber, exclusive=False, status=word)

    office.ask("POST", f"{office.profiles}/{ann}/merge", {"from": other})

    assert browser.statuses() == [word]
    assert set_status(office, ann, subscriber, "subscribed") == "subscribed"
