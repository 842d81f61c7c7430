"""Two profiles that turn out to be one person become one."""

from typing import Any

import pytest
from flask import Flask

from support.back_end import BackEnd
from support.web_application import new_subscription, refusal, stored_rows

pytestmark = pytest.mark.shared_app

NOES = ("subscribed", "suspended", "unconfirmed", "invalid", "hardbounced", "unsubscribed", "complained")  # by strength


def merge(office: BackEnd, target: str, source: str) -> dict[str, Any]:
    """Merge one profile into another and return what became of it."""
    return office.ask("POST", f"{office.profiles}/{target}/merge", {"from": source})


def test_the_target_keeps_what_it_has_and_gets_what_it_lacks(office: BackEnd) -> None:
    target = office.add_profile(
        external_id="ann", phones=["+4930901820"], fields={"_fname": "Ann"}, tags=["vip", "old"]
    )
    source = office.add_profile(
        external_id="other",
        email="ann@example.com",
        phones=["+12025550123", "+4930901820"],
        fields={"_fname": "Anna", "_city": "Berlin"},
        tags=["new", "vip"],
    )

    merged = merge(office, target, source)

    assert (merged["id"], merged["external_id"], merged["email"]) == (target, "ann", "ann@example.com")
    assert merged["phones"] == ["+4930901820", "+12025550123"]
    assert merged["fields"] == {"_fname": "Ann", "_city": "Berlin"}
    assert merged["tags"] == ["new", "old", "vip"]
    assert refusal(office.call("GET", f"{office.profiles}/{source}")) == (404, "profile_not_found")
    assert office.search(external_id="other") == []


def test_an_external_id_moves_to_a_target_without_one(office: BackEnd) -> None:
    target, source = office.add_profile(email="ann@example.com"), office.add_profile(external_id="ann")

    assert merge(office, target, source)["external_id"] == "ann"
    assert [found["id"] for found in office.search(external_id="ann")] == [target]


def test_the_browsers_of_both_belong_to_the_target(office: BackEnd) -> None:
    target, source = office.add_profile(external_id="ann"), office.add_profile(external_id="other")
    first = office.add_subscriber(match={"external_id": "ann"})
    second = office.add_subscriber(match={"external_id": "other"})

    merge(office, target, source)

    assert office.standings(first) == {target: "subscribed"}
    assert office.standings(second) == {target: "subscribed"}


@pytest.mark.parametrize("of_target", NOES)
def test_of_two_enrollments_of_a_browser_the_stronger_no_is_kept(office: BackEnd, of_target: str) -> None:
    target, source = office.add_profile(), office.add_profile()
    browsers = {of_source: office.add_subscriber() for of_source in NOES}
    for of_source, browser in browsers.items():
        office.attach(target, browser, status=of_target)
        office.attach(source, browser, status=of_source, exclusive=False)

    merge(office, target, source)

    kept = {of_source: office.standings(browser) for of_source, browser in browsers.items()}
    assert kept == {of_source: {target: max(of_target, of_source, key=NOES.index)} for of_source in NOES}


def test_a_browser_that_went_from_the_target_to_the_source_is_the_targets_again(office: BackEnd) -> None:
    """It is suspended by rebind at the target, and by nobody's wish."""
    target, source = office.add_profile(external_id="ann"), office.add_profile(external_id="other")
    browser = office.add_subscriber(match={"external_id": "ann"})
    office.attach(source, browser)

    merge(office, target, source)

    assert office.standings(browser) == {target: "subscribed"}


def test_a_pause_without_an_end_outlasts_one_with_an_end(office: BackEnd) -> None:
    target, source = office.add_profile(external_id="ann"), office.add_profile(external_id="other")
    known = new_subscription()
    browser = office.subscribe(known, match={"external_id": "ann"})["subscriber_hash"]
    pause = f"/v1/sites/{office.site.site.token}/subscription/pause"
    office.client.post(pause, json={"subscription": known})
    office.attach(source, browser)
    office.client.post(pause, json={"subscription": known, "until": "2099-01-01T00:00:00Z"})

    merge(office, target, source)

    [standing] = office.ask("GET", f"/v1/subscribers/{browser}")["enrollments"]
    assert (standing["suspended_by"], standing["suspended_until"]) == ("visitor", None)


def test_of_a_pause_and_the_operators_suspension_both_are_kept(office: BackEnd) -> None:
    target, source = office.add_profile(external_id="ann"), office.add_profile(external_id="other")
    known = new_subscription()
    browser = office.subscribe(known, match={"external_id": "ann"})["subscriber_hash"]
    page = f"/v1/sites/{office.site.site.token}/subscription"
    office.client.post(f"{page}/pause", json={"subscription": known, "until": "2099-01-01T00:00:00Z"})
    office.attach(source, browser, status="suspended")

    merge(office, target, source)

    [standing] = office.ask("GET", f"/v1/subscribers/{browser}")["enrollments"]
    assert (standing["suspended_by"], standing["suspended_until"][:4]) == ("both", "2099")


@pytest.mark.parametrize("no", ["unconfirmed", "hardbounced", "unsubscribed"])
def test_the_operators_suspension_is_kept_beneath_the_no_of_the_other_profile(office: BackEnd, no: str) -> None:
    target, source, browser = office.add_profile(), office.add_profile(), office.add_subscriber()
    office.attach(target, browser, status="suspended")
    office.attach(source, browser, status=no)
    office.ask("POST", f"/v1/subscribers/{browser}/resume")
    office.attach(target, browser, status="suspended")

    merge(office, target, source)

    [standing] = office.ask("GET", f"/v1/subscribers/{browser}")["enrollments"]
    assert (standing["status"], standing["suspended_by"]) == (no, "operator")


def test_a_merged_person_is_left_at_a_logout(office: BackEnd) -> None:
    """The source was a browser's anonymous profile; the target is a person, whom the next visitor must not become."""
    known = new_subscription()
    target = office.add_profile(fields={"_fname": "Ann"}, phones=["+4930901820"])
    merge(office, target, office.subscribe(known)["enrollments"][0]["profile_id"])

    office.client.post(f"/v1/sites/{office.site.site.token}/subscription/logout", json={"subscription": known})

    assert target not in office.standings(office.subscribe(known, intent="refresh")["subscriber_hash"])
    assert office.read_profile(target)["fields"]["_fname"] == "Ann"


def test_what_cannot_be_united_is_refused_and_nothing_is_changed(app: Flask, office: BackEnd) -> None:
    numbers = [f"+1202555{number:04}" for number in range(100, 111)]
    target, source = office.add_profile(phones=numbers[:6]), office.add_profile(phones=numbers[6:])
    before = stored_rows(app)

    response = office.call("POST", f"{office.profiles}/{target}/merge", {"from": source})

    assert refusal(response) == (422, "invalid_value")
    assert stored_rows(app) == before


@pytest.mark.parametrize("body", [{}, {"from": ""}, {"from": 1}, {"from": "0" * 24, "to": "x"}])
def test_a_merge_names_one_source(office: BackEnd, body: Any) -> None:
    assert refusal(office.call("POST", f"{office.profiles}/{office.add_profile()}/merge", body)) == (422, "invalid")


def test_a_profile_is_not_merged_with_itself_or_with_nobody(office: BackEnd) -> None:
    target = office.add_profile()
    path = f"{office.profiles}/{target}/merge"

    assert refusal(office.call("POST", path, {"from": target})) == (422, "invalid_merge")
    assert refusal(office.call("POST", path, {"from": "0" * 24})) == (404, "profile_not_found")
