"""Erasing a person and a browser: how far it reaches, what stays, and that nothing but a wish brings them back."""

from collections.abc import Callable

from flask import Flask

from support.back_end import BackEnd
from support.planting import Planted
from support.visitors import Browser, link, profile_ids
from support.web_application import Json, refusal, stored_rows


def test_an_erased_person_is_found_by_no_route(office: BackEnd, browser: Browser) -> None:
    [profile_id] = profile_ids(browser.put(match={"external_id": "ann"}))

    assert office.erase(profile_id) == {"profiles": 1, "subscriptions": 1}
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/export")):
        body = {"email": "ann@example.com"} if method == "PATCH" else None
        answer = office.call(method, f"{office.profiles}/{profile_id}{path}", body)
        assert refusal(answer) == (404, "profile_not_found")
    assert office.search(external_id="ann") == []


def test_all_browsers_of_a_person_are_erased_and_no_other(office: BackEnd, new_browser: Callable[[], Browser]) -> None:
    browsers = [new_browser() for _ in range(3)]
    anns = [browsers[0].put(match={"external_id": "ann"}), browsers[1].put(match={"external_id": "ann"})]
    ben = browsers[2].put(match={"external_id": "ben"})

    assert office.erase(profile_ids(anns[0])[0])["subscriptions"] == 2
    for known in anns:
        answer = office.call("GET", f"/v1/subscribers/{known['subscriber_hash']}")
        assert refusal(answer) == (404, "subscriber_not_found")
    assert office.standings(ben["subscriber_hash"]) == {profile_ids(ben)[0]: "subscribed"}


def test_a_browser_that_the_person_has_logged_out_of_is_erased_with_its_anonymous_profile(
    office: BackEnd, browser: Browser
) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    [nobody] = profile_ids(browser.post("logout"))

    assert office.erase(ann) == {"profiles": 2, "subscriptions": 1}
    assert office.call("GET", f"{office.profiles}/{nobody}").status_code == 404


def test_a_browser_that_others_have_left_is_the_persons_own(
    office: BackEnd, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    [ben] = profile_ids(browser.put(match={"external_id": "ben"}))
    new_browser().put(match={"external_id": "ben"})
    [ann] = profile_ids(browser.identify("ann"))

    assert office.erase(ann)["subscriptions"] == 1
    rows = office.ask("GET", f"{office.profiles}/{ben}/subscriptions")["subscriptions"]
    assert len(rows) == 1  # the other browser


def test_an_erase_reaches_the_browsers_of_every_site_of_the_database(
    app: Flask, office: BackEnd, other_office: BackEnd, browser: Browser
) -> None:
    link(app, other_office.site, office.site.database_id)
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    there = other_office.subscribe(match={"external_id": "ann"}, database_ids=[office.site.database_id])

    assert office.erase(ann)["subscriptions"] == 2
    assert other_office.call("GET", f"/v1/subscribers/{there['subscriber_hash']}").status_code == 404


def test_erasing_a_browser_leaves_its_person_the_other_browsers(
    office: BackEnd, new_browser: Callable[[], Browser]
) -> None:
    first, second = (new_browser().put(match={"external_id": "ann"}) for _ in range(2))
    [ann] = profile_ids(first)

    erased = office.ask("POST", f"/v1/subscribers/{first['subscriber_hash']}/erase")

    assert erased == {"status": "erased", "profiles": 0, "subscriptions": 1}
    rows = office.ask("GET", f"{office.profiles}/{ann}/subscriptions")["subscriptions"]
    assert [row["subscriber_hash"] for row in rows] == [second["subscriber_hash"]]


def test_a_refresh_of_an_erased_browser_stores_nothing_and_says_so(
    app: Flask, office: BackEnd, browser: Browser
) -> None:
    known = browser.put(match={"external_id": "ann"})
    office.erase(profile_ids(known)[0])
    before = stored_rows(app)

    answers = [browser.identify("ann"), browser.refresh()]

    for answer in answers:
        assert answer["status"] == "erased"
        assert answer["enrollments"] == []
        assert answer["subscriber_hash"] != known["subscriber_hash"]
    assert stored_rows(app) == before


def test_sec_43_an_erased_browser_stays_so_from_address_to_address(
    app: Flask, office: BackEnd, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    """Push services give browsers new ones, and each names only the one before."""
    office.erase(profile_ids(browser.put(match={"external_id": "ann"}))[0])
    before = stored_rows(app)
    moved, further = new_browser(), new_browser()

    answers = [moved.refresh(previous=browser.subscription) for _ in range(2)]
    answers += [further.refresh(previous=moved.subscription), further.refresh()]

    assert [(answer["status"], answer["enrollments"]) for answer in answers] == [("erased", [])] * 4
    after = stored_rows(app)
    assert {name for name in after if after[name] != before[name]} == {"tombstone"}
    assert further.put()["status"] == "subscribed"


def test_an_erased_browser_has_no_status_and_can_change_nothing(office: BackEnd, browser: Browser) -> None:
    office.erase(profile_ids(browser.put(match={"external_id": "ann"}))[0])

    for name in ("status", "unsubscribe", "logout", "pause", "resume"):
        answer = office.client.post(f"{browser.page}/subscription/{name}", json={"subscription": browser.subscription})
        assert refusal(answer) == (404, "subscription_not_found")


def test_an_explicit_subscribe_begins_anew_and_later_refreshes_hold(office: BackEnd, browser: Browser) -> None:
    known = browser.put(match={"external_id": "ann"})
    office.erase(profile_ids(known)[0])

    again = browser.put()

    assert again["status"] == "subscribed"
    assert again["subscriber_hash"] != known["subscriber_hash"]
    assert profile_ids(again) != profile_ids(known)
    assert browser.refresh()["status"] == "subscribed"
    moved = Browser(browser.client, browser.page).refresh(previous=browser.subscription)
    assert (moved["status"], moved["subscriber_hash"]) == ("subscribed", again["subscriber_hash"])


def test_sec_43_a_wish_to_subscribe_lifts_no_tombstone_of_the_address_that_it_names_as_previous(
    office: BackEnd, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    """Whoever knows an endpoint could else bring back its browser: nobody can prove keys that were erased."""
    office.erase(profile_ids(browser.put(match={"external_id": "ann"}))[0])

    assert new_browser().put(previous=browser.subscription)["status"] == "subscribed"

    assert browser.refresh()["status"] == "erased"


def test_the_tombstone_of_one_site_means_nothing_to_another(
    office: BackEnd, other_office: BackEnd, browser: Browser
) -> None:
    office.erase(profile_ids(browser.put(match={"external_id": "ann"}))[0])

    assert other_office.subscribe(browser.subscription, intent="refresh")["status"] == "subscribed"


def test_the_counts_of_messages_stay_as_they_were(app: Flask, office: BackEnd, browser: Browser) -> None:
    planted = Planted(app, office, browser)

    def counts() -> list[Json]:
        return [office.ask("GET", f"/v1/messages/{message_id}")["counts"] for message_id in planted.message_ids]

    before = counts()
    office.erase(planted.profile_id)
    after = counts()

    assert after[:-1] == before[:-1]
    assert (before[0]["clicked"], before[-1]["pending"]) == (1, 1)
    assert after[-1] == before[-1] | {"pending": 0, "skipped": 1}


def test_what_an_erased_browser_reports_afterwards_is_not_kept(app: Flask, office: BackEnd, browser: Browser) -> None:
    planted = Planted(app, office, browser)
    office.erase(planted.profile_id)
    before = stored_rows(app)

    late = {"type": "closed", "receipt": planted.receipt, "at": 5, "action": "late"}
    answer = office.client.post(f"{browser.page}/events", json={"events": [late]})

    assert answer.json == {"accepted": 0, "ignored": 1}
    assert stored_rows(app) == before


def test_sec_38_another_sites_key_erases_and_exports_nobody(
    app: Flask, office: BackEnd, other_office: BackEnd, browser: Browser
) -> None:
    known = browser.put(match={"external_id": "ann"})
    person = f"{office.profiles}/{profile_ids(known)[0]}"
    before = stored_rows(app)

    assert refusal(other_office.call("DELETE", person)) == (404, "database_not_found")
    assert refusal(other_office.call("GET", f"{person}/export")) == (404, "database_not_found")
    answer = other_office.call("POST", f"/v1/subscribers/{known['subscriber_hash']}/erase")
    assert refusal(answer) == (404, "subscriber_not_found")
    assert stored_rows(app) == before
