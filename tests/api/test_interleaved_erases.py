"""An erase comes in the middle of another call, or that one in the middle of an erase: neither fails, nothing stays."""

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from sitebell.services.webhooks.calls import form_calls
from support.back_end import BackEnd
from support.interleaving import Meanwhile, interleave
from support.planting import PROFILE, Planted, columns_with
from support.visitors import Browser, known_of, profile_ids
from support.web_application import Json, parts, refusal

pytestmark = pytest.mark.databases("postgresql")  # SQLite has one writer at a time

LOCKS_ONE_SUBSCRIPTION = r"FROM subscription\s+WHERE.*FOR (NO KEY )?UPDATE"


def test_sec_43_a_receipt_in_the_middle_of_an_erase_at_a_shared_browser_writes_nothing_of_the_person(
    app: Flask, office: BackEnd, browser: Browser, meanwhile: Meanwhile
) -> None:
    planted = Planted(app, office, browser)
    browser.identify("ben")
    late = {"type": "shown", "receipt": planted.receipt, "at": 7, "action": "zq-late"}

    told, erased = interleave(
        parts(app).store.engine,
        lambda: office.client.post(f"{browser.page}/events", json={"events": [late]}),
        lambda: meanwhile("DELETE", f"{office.profiles}/{planted.profile_id}"),
        after="INSERT INTO webhook_event",
    )

    assert (told.status_code, erased.status_code) == (200, 200)
    assert columns_with(app, {planted.profile_id, PROFILE["external_id"], "zq-late"}) == {}


def test_a_click_and_an_erase_of_its_browser_do_not_wait_for_each_other(
    app: Flask, office: BackEnd, browser: Browser, meanwhile: Meanwhile
) -> None:
    planted = Planted(app, office, browser)
    click = {"type": "clicked", "receipt": planted.receipt, "at": 7}

    told, erased = interleave(
        parts(app).store.engine,
        lambda: office.client.post(f"{browser.page}/events", json={"events": [click]}),
        lambda: meanwhile("DELETE", f"{office.profiles}/{planted.profile_id}"),
        after=r"FROM delivery\s+WHERE.*FOR UPDATE",
    )

    assert (told.status_code, erased.status_code) == (200, 200)
    assert columns_with(app, planted.words) == {}


def test_a_renewal_and_an_erase_lock_two_browsers_of_a_person_in_the_same_order(
    app: Flask, office: BackEnd, new_browser: Callable[[], Browser], meanwhile: Meanwhile
) -> None:
    old, new = new_browser(), new_browser()
    [ann] = profile_ids(old.put(match={"external_id": "ann"}))
    new.put(match={"external_id": "ann"})

    _, erased = interleave(
        parts(app).store.engine,
        lambda: new.refresh(previous=old.subscription),
        lambda: meanwhile("DELETE", f"{office.profiles}/{ann}"),
        after=LOCKS_ONE_SUBSCRIPTION,
    )

    assert erased.json == {"status": "erased", "profiles": 1, "subscriptions": 2}


def test_a_profile_that_is_erased_while_it_is_written_is_not_found(
    app: Flask, office: BackEnd, meanwhile: Meanwhile
) -> None:
    ann = office.add_profile(external_id="ann")

    written, erased = interleave(
        parts(app).store.engine,
        lambda: office.call("PATCH", f"{office.profiles}/{ann}", {"fields": {"_fname": "Ann"}}),
        lambda: meanwhile("DELETE", f"{office.profiles}/{ann}"),
        after=r"FROM profile\s+WHERE.*profile\.public_id = ",
    )

    assert erased.status_code == 200
    assert refusal(written) == (404, "profile_not_found")


@pytest.mark.parametrize("name", [{"external_id": "eve"}, {"phones": ["+4930901820"]}], ids=str)
def test_an_anonymous_profile_that_gets_a_name_during_an_erase_of_its_browser_stays(
    app: Flask, office: BackEnd, browser: Browser, meanwhile: Meanwhile, name: Json
) -> None:
    known = browser.put()
    [nobody] = profile_ids(known)

    named, erased = interleave(
        parts(app).store.engine,
        lambda: office.call("PATCH", f"{office.profiles}/{nobody}", name | {"fields": {"_fname": "Eve"}}),
        lambda: meanwhile("POST", f"/v1/subscribers/{known['subscriber_hash']}/erase"),
        after="INSERT INTO field_value",
    )

    assert (named.status_code, erased.json) == (200, {"status": "erased", "profiles": 0, "subscriptions": 1})
    assert known_of(app, nobody) == name | {"_fname": "Eve"}


def test_a_browser_that_is_attached_in_the_middle_of_an_erase_is_erased_beside_a_visit(
    app: Flask, office: BackEnd, browser: Browser, meanwhile: Meanwhile
) -> None:
    """Its lock comes before that of the profile, which the erase has taken already when it finds the browser."""
    ann = office.add_profile(external_id="ann")
    known = browser.put()
    engine, page = parts(app).store.engine, Browser(app.test_client(), browser.page, browser.subscription)

    def erase_beside_a_visit() -> tuple[TestResponse, Json]:
        return interleave(
            engine,
            lambda: office.call("DELETE", f"{office.profiles}/{ann}"),
            lambda: page.identify("ann"),
            after=r"FROM profile\s+WHERE profile\.id IN .*FOR UPDATE",
        )

    (erased, visit), attached = interleave(
        engine,
        erase_beside_a_visit,
        lambda: meanwhile("PUT", f"{office.profiles}/{ann}/subscriptions/{known['subscriber_hash']}", {}),
        after=r"SELECT enrollment\.subscription_id\s+FROM enrollment\s+WHERE enrollment\.profile_id IN",
    )

    assert (attached.status_code, visit["status"]) == (200, "subscribed")
    assert erased.json == {"status": "erased", "profiles": 2, "subscriptions": 1}
    assert page.refresh()["status"] == "erased"


def test_a_link_to_somebody_who_is_erased_meanwhile_is_not_used(
    app: Flask, office: BackEnd, browser: Browser, meanwhile: Meanwhile
) -> None:
    ann = office.add_profile(external_id="ann")
    token = office.ask("POST", "/v1/links", {"match": {"profile_id": ann}})["token"]

    answer, erased = interleave(
        parts(app).store.engine,
        lambda: browser.put(link=token),
        lambda: meanwhile("DELETE", f"{office.profiles}/{ann}"),
        after=r"FROM profile\s+WHERE profile\.public_id =",
    )

    assert erased.status_code == 200
    assert answer["link"]["code"] == "link_not_used"
    assert profile_ids(answer) != [ann]


@pytest.mark.parametrize("when", ["now", "once", "once, and no message says it any more"])
def test_two_people_with_the_same_name_are_erased_at_once(
    app: Flask, office: BackEnd, meanwhile: Meanwhile, when: str
) -> None:
    office.send(audience={"where": {"field": "email", "op": "eq", "value": "family@example.com"}})
    ann, ben = (office.add_profile(external_id=name, email="family@example.com") for name in ("ann", "ben"))
    for profile_id in (ann, ben) if when != "now" else ():
        office.ask("PATCH", f"{office.profiles}/{profile_id}", {"email": None})
    if when not in ("now", "once"):
        office.erase(office.add_profile(email="family@example.com"))

    first, second = interleave(
        parts(app).store.engine,
        lambda: office.call("DELETE", f"{office.profiles}/{ann}"),
        lambda: meanwhile("DELETE", f"{office.profiles}/{ben}"),
        after="INSERT INTO erased_name",
    )

    assert (first.status_code, second.status_code) == (200, 200)


def test_sec_43_events_that_become_a_call_during_an_erase_are_erased_in_it(
    app: Flask, office: BackEnd, browser: Browser, meanwhile: Meanwhile
) -> None:
    planted = Planted(app, office, browser)
    browser.identify("ben")
    names = {planted.profile_id, PROFILE["external_id"]}
    assert "webhook_event.body" in columns_with(app, names)

    def form() -> None:
        with parts(app).store.writing() as session:
            form_calls(session, parts(app).clock())

    _, erased = interleave(
        parts(app).store.engine,
        form,
        lambda: meanwhile("DELETE", f"{office.profiles}/{planted.profile_id}"),
        after=r"FROM webhook_event.*FOR UPDATE",
    )

    assert erased.status_code == 200
    assert columns_with(app, names) == {}
