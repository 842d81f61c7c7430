"""Browsers by their hashes, for a site's back end: looked at, attached, detached, suspended, ended."""

from typing import Any

import pytest
from flask import Flask

from support.back_end import BackEnd
from support.visitors import Browser
from support.web_application import new_subscription, refusal, stored_rows

pytestmark = pytest.mark.shared_app

WORDS = ("subscribed", "unsubscribed", "complained", "hardbounced", "unconfirmed", "suspended", "invalid")


def test_a_subscriber_is_shown_with_whose_it_is_and_without_its_address(office: BackEnd) -> None:
    ann = office.add_profile(external_id="ann")
    known = new_subscription()
    subscriber_hash = office.subscribe(known, match={"external_id": "ann"}, locale="de")["subscriber_hash"]

    response = office.call("GET", f"/v1/subscribers/{subscriber_hash}")

    assert response.json is not None
    assert (response.json["status"], response.json["channel"], response.json["locale"]) == ("subscribed", "web", "de")
    [standing] = response.json["enrollments"]
    assert (standing["profile_id"], standing["external_id"]) == (ann, "ann")
    assert (standing["status"], standing["status_number"], standing["bound_by"]) == ("subscribed", 0, "open")
    assert known["endpoint"] not in response.text
    assert known["keys"]["auth"] not in response.text


def test_a_check_tells_known_from_unknown_in_the_order_of_the_question(office: BackEnd, other_office: BackEnd) -> None:
    mine, theirs, ended = office.add_subscriber(), other_office.add_subscriber(), office.add_subscriber()
    office.ask("POST", f"/v1/subscribers/{ended}/unsubscribe")
    hashes = [theirs, mine, "x", ended, mine]

    rows = office.ask("POST", "/v1/subscribers/check", {"subscriber_hashes": hashes})["subscribers"]

    assert [(row["subscriber_hash"], row["known"], row["status"]) for row in rows] == [
        (theirs, False, None),
        (mine, True, "subscribed"),
        ("x", False, None),
        (ended, True, "unsubscribed"),
        (mine, True, "subscribed"),
    ]


@pytest.mark.parametrize("hashes", [[], ["0" * 32] * 1001, [1], "0" * 32])
def test_a_check_takes_up_to_a_thousand_hashes(office: BackEnd, hashes: Any) -> None:
    assert refusal(office.call("POST", "/v1/subscribers/check", {"subscriber_hashes": hashes})) == (422, "invalid")


def test_an_unsubscription_by_the_api_is_not_undone_by_a_visit(office: BackEnd) -> None:
    browser = new_subscription()
    subscriber_hash = office.subscribe(browser)["subscriber_hash"]

    assert office.ask("POST", f"/v1/subscribers/{subscriber_hash}/unsubscribe")["status"] == "unsubscribed"
    assert office.subscribe(browser, intent="refresh")["status"] == "unsubscribed"
    assert office.subscribe(browser, intent="subscribe")["status"] == "subscribed"


def test_the_operators_suspension_is_lifted_by_the_operator_alone(office: BackEnd) -> None:
    browser = new_subscription()
    subscriber_hash = office.subscribe(browser)["subscriber_hash"]
    resume = f"/v1/sites/{office.site.site.token}/subscription/resume"

    [suspended] = office.ask("POST", f"/v1/subscribers/{subscriber_hash}/suspend")["enrollments"]
    assert (suspended["status"], suspended["status_number"], suspended["suspended_by"]) == ("suspended", 5, "operator")
    assert office.client.post(resume, json={"subscription": browser}).status_code == 200
    assert office.subscribe(browser, intent="refresh")["enrollments"][0]["status"] == "suspended"

    [resumed] = office.ask("POST", f"/v1/subscribers/{subscriber_hash}/resume")["enrollments"]
    assert (resumed["status"], resumed["suspended_by"]) == ("subscribed", None)


def test_the_operators_suspension_stands_beside_the_visitors_pause(office: BackEnd) -> None:
    browser = new_subscription()
    subscriber_hash = office.subscribe(browser)["subscriber_hash"]
    pause = f"/v1/sites/{office.site.site.token}/subscription/pause"
    until = "2100-01-01T00:00:00+00:00"
    assert office.client.post(pause, json={"subscription": browser, "until": until}).status_code == 200

    for step, cause in (("suspend", "both"), ("resume", "visitor")):
        [standing] = office.ask("POST", f"/v1/subscribers/{subscriber_hash}/{step}")["enrollments"]
        assert (standing["status"], standing["suspended_by"]) == ("suspended", cause)
        assert standing["suspended_until"].startswith("2100-01-01")


def test_attaching_moves_a_browser_from_one_person_to_another(office: BackEnd) -> None:
    ann, ben = office.add_profile(external_id="ann"), office.add_profile(external_id="ben")
    subscriber_hash = office.add_subscriber(match={"external_id": "ann"})

    enrollment = office.attach(ben, subscriber_hash)["enrollment"]

    assert (enrollment["status"], enrollment["bound_by"], enrollment["left_at"]) == ("subscribed", "backend", None)
    assert office.standings(subscriber_hash) == {ben: "subscribed"}
    [left] = office.ask("GET", f"{office.profiles}/{ann}/subscriptions")["subscriptions"]
    assert (left["subscriber_hash"], left["enrollment"]["status"]) == (subscriber_hash, "suspended")
    assert left["enrollment"]["suspended_by"] == "rebind"
    assert left["enrollment"]["left_at"] is not None


def test_attaching_without_exclusivity_suspends_nobody(office: BackEnd) -> None:
    ann, ben = office.add_profile(external_id="ann"), office.add_profile(external_id="ben")
    subscriber_hash = office.add_subscriber(match={"external_id": "ann"})

    office.attach(ben, subscriber_hash, exclusive=False)

    assert office.standings(subscriber_hash) == {ann: "subscribed", ben: "subscribed"}


def test_detaching_leaves_the_browser_subscribed_as_nobody(office: BackEnd) -> None:
    ann = office.add_profile(external_id="ann")
    subscriber_hash = office.add_subscriber(match={"external_id": "ann"})
    path = f"{office.profiles}/{ann}/subscriptions/{subscriber_hash}"

    first = office.ask("DELETE", path)
    [(nobody, status)] = office.standings(subscriber_hash).items()
    again = office.ask("DELETE", path)

    assert (first["enrollment"]["status"], first["enrollment"]["suspended_by"]) == ("suspended", "rebind")
    assert again == first
    assert status == "subscribed"
    assert (nobody != ann, office.read_profile(nobody)["external_id"]) == (True, None)


def test_detaching_one_of_two_people_keeps_the_other(office: BackEnd) -> None:
    ann, ben = office.add_profile(external_id="ann"), office.add_profile(external_id="ben")
    subscriber_hash = office.add_subscriber(match={"external_id": "ann"})
    office.attach(ben, subscriber_hash, exclusive=False)

    office.ask("DELETE", f"{office.profiles}/{ann}/subscriptions/{subscriber_hash}")

    assert office.standings(subscriber_hash) == {ben: "subscribed"}


def test_only_who_was_attached_can_be_detached(app: Flask, office: BackEnd) -> None:
    ann, subscriber_hash = office.add_profile(external_id="ann"), office.add_subscriber()
    before = stored_rows(app)

    response = office.call("DELETE", f"{office.profiles}/{ann}/subscriptions/{subscriber_hash}")

    assert refusal(response) == (404, "enrollment_not_found")
    assert stored_rows(app) == before


@pytest.mark.parametrize(("number", "word"), list(enumerate(WORDS)))
def test_a_status_is_taken_as_word_and_as_number(office: BackEnd, number: int, word: str) -> None:
    ann, subscriber_hash = office.add_profile(external_id="ann"), office.add_subscriber()

    for status in (word, number):
        enrollment = office.attach(ann, subscriber_hash, status=status)["enrollment"]
        assert (enrollment["status"], enrollment["status_number"]) == (word, number)


@pytest.mark.parametrize("status", ["gone", 7, -1, True, 1.0, "1", []])
def test_another_status_is_refused(office: BackEnd, status: Any) -> None:
    ann, subscriber_hash = office.add_profile(external_id="ann"), office.add_subscriber()
    path = f"{office.profiles}/{ann}/subscriptions/{subscriber_hash}"

    assert refusal(office.call("PUT", path, {"status": status})) == (422, "invalid")


@pytest.mark.parametrize("wanted", ["subscribed", "hardbounced", "unconfirmed", "invalid"])
def test_no_status_weakens_what_a_visitor_said(app: Flask, office: BackEnd, browser: Browser, wanted: str) -> None:
    subscriber_hash = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    browser.post("pause")
    ann = browser.profile_id()
    before = stored_rows(app)

    path = f"{office.profiles}/{ann}/subscriptions/{subscriber_hash}"
    assert refusal(office.call("PUT", path, {"status": wanted})) == (409, "opted_out")
    assert stored_rows(app) == before
    assert office.attach(ann, subscriber_hash)["enrollment"]["status"] == "suspended"


def test_the_subscriptions_of_a_profile_come_in_pages(office: BackEnd) -> None:
    ann = office.add_profile(external_id="ann")
    hashes = [office.add_subscriber(match={"external_id": "ann"}) for _ in range(3)]
    path = f"{office.profiles}/{ann}/subscriptions"

    first = office.ask("GET", path, query_string={"limit": 2})
    second = office.ask("GET", path, query_string={"limit": 2, "cursor": first["next_cursor"]})

    shown = [row["subscriber_hash"] for page in (first, second) for row in page["subscriptions"]]
    assert shown == hashes
    assert second["next_cursor"] is None
