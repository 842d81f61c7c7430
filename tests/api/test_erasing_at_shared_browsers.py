"""An erase of one of the people who use a browser: what is the others' stays, and nothing there says who was erased."""

import pytest
from flask import Flask

from support.back_end import BackEnd
from support.planting import PROFILE, Planted, columns_with
from support.stopped_clock import StoppedClock
from support.visitors import Browser, known_of, profile_ids
from support.web_application import Json, stored_rows


def test_what_webhooks_are_told_of_a_shared_browser_names_the_erased_no_more(
    app: Flask, office: BackEnd, browser: Browser
) -> None:
    planted = Planted(app, office, browser)
    browser.identify("ben")
    names = {planted.profile_id, PROFILE["external_id"]}
    before = columns_with(app, names)
    office.erase(planted.profile_id)

    assert {"webhook_event.body", "webhook_call.body"} <= set(before)
    assert columns_with(app, names) == {}


def test_a_shared_browser_stays_with_whoever_uses_it_now(office: BackEnd, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    browser.post("logout")
    [ben] = profile_ids(browser.identify("ben"))
    before = browser.post("status")

    assert office.erase(ann)["subscriptions"] == 0
    assert browser.post("status") == before
    assert office.standings(before["subscriber_hash"]) == {ben: "subscribed"}


@pytest.mark.parametrize("name", [{"email": "ben@example.com"}, {"phones": ["+4930901820"]}], ids=str)
def test_a_shared_browser_stays_with_whoever_wrote_there_who_they_are(
    app: Flask, office: BackEnd, browser: Browser, name: Json
) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    browser.post("logout")
    [ben] = profile_ids(browser.refresh(fields=name))
    before = browser.post("status")

    assert office.erase(ann) == {"profiles": 1, "subscriptions": 0}
    assert browser.post("status") == before
    assert known_of(app, ben) == name


@pytest.mark.parametrize("name", [{"email": "ben@example.com"}, {"phones": ["+4930901820"]}], ids=str)
def test_who_wrote_a_name_at_an_erased_browser_keeps_the_profile(
    app: Flask, office: BackEnd, browser: Browser, name: Json
) -> None:
    known = browser.put(fields=name)

    erased = office.ask("POST", f"/v1/subscribers/{known['subscriber_hash']}/erase")

    assert erased == {"status": "erased", "profiles": 0, "subscriptions": 1}
    assert known_of(app, profile_ids(known)[0]) == name


def test_what_the_site_noted_at_a_shared_browser_goes_for_the_time_of_the_erased_alone(
    app: Flask, office: BackEnd, browser: Browser, clock: StoppedClock
) -> None:
    def note(text: str) -> None:
        event = {"type": "custom", "subscription": browser.subscription, "at": 1, "data": {"note": text}}
        assert office.client.post(f"{browser.page}/events", json={"events": [event]}).json["accepted"] == 1  # type: ignore[index]

    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    note("of ann")
    browser.identify("ben")
    clock.advance(minutes=1)
    note("of ben")
    office.erase(ann)

    assert "of ben" in str(stored_rows(app)["event"])
    assert "of ann" not in str(stored_rows(app)["event"])


def test_sec_43_what_a_shared_browser_reports_of_the_erased_person_counts_and_says_nothing(
    app: Flask, office: BackEnd, browser: Browser
) -> None:
    planted = Planted(app, office, browser)
    browser.identify("ben")
    office.erase(planted.profile_id)

    late = {"type": "closed", "receipt": planted.receipt, "at": 5, "action": "zq-late"}
    answer = office.client.post(f"{browser.page}/events", json={"events": [late]})

    assert answer.json == {"accepted": 1, "ignored": 0}
    assert columns_with(app, {"zq-late", planted.profile_id}) == {}
