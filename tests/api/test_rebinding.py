"""A browser changes hands: who is left, who is suspended and by what, and what comes back."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.services.sites import NewSite
from support.visitors import Browser, add_database, count_profiles, link, places, profile_ids, set_status, unlink
from support.web_application import new_subscription, refusal

NewBrowser = Callable[[], Browser]
BY_REBIND = "suspended by rebind"


def test_exactly_one_profile_keeps_the_browser(app: Flask, browser: Browser) -> None:
    """Being suspended is no opt-out (trap 2)."""
    [nobody] = profile_ids(browser.put())
    [ann] = profile_ids(browser.identify("ann"))
    [bob] = profile_ids(browser.identify("bob"))

    assert places(app, [nobody, ann, bob]) == {nobody: BY_REBIND, ann: BY_REBIND, bob: "subscribed"}


def test_binding_back_lifts_what_rebinding_suspended(app: Flask, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    [bob] = profile_ids(browser.identify("bob"))

    assert profile_ids(browser.identify("ann")) == [ann]
    assert places(app, [ann, bob]) == {ann: "subscribed", bob: BY_REBIND}
    assert count_profiles(app) == 2


def test_not_exclusive_leaves_nobody(app: Flask, site: NewSite, browser: Browser) -> None:
    """Neither in the databases that were asked for nor beyond them (trap 1)."""
    add_database(app, site)
    known = profile_ids(browser.put(match={"external_id": "ann"}))

    bob = profile_ids(browser.identify("bob", exclusive=False, database_ids=[site.database_id]))

    assert places(app, [*known, *bob]) == dict.fromkeys([*known, *bob], "subscribed")


def test_exclusive_reaches_beyond_the_named_databases(app: Flask, site: NewSite, browser: Browser) -> None:
    """In the others all of them are suspended, and status says so without naming them (trap 3)."""
    second = add_database(app, site)
    first_ann, second_ann = profile_ids(browser.put(match={"external_id": "ann"}))

    [bob] = profile_ids(browser.identify("bob", database_ids=[site.database_id]))

    assert places(app, [first_ann, second_ann, bob]) == {
        first_ann: BY_REBIND,
        second_ann: BY_REBIND,
        bob: "subscribed",
    }
    assert browser.post("status")["enrollments"] == [
        {"database_id": site.database_id, "profile_id": bob, "status": "subscribed"},
        {"database_id": second, "profile_id": None, "status": "suspended"},
    ]


def test_a_visit_begins_nothing_in_the_databases_that_were_left(app: Flask, site: NewSite, browser: Browser) -> None:
    """Else the first reconciling page would undo the reach beyond the filter."""
    add_database(app, site)
    browser.put()
    browser.identify("ann", database_ids=[site.database_id])
    before = count_profiles(app)

    for _ in range(3):
        assert [row["status"] for row in browser.refresh()["enrollments"]] == ["subscribed", "suspended"]
    assert count_profiles(app) == before


def test_fields_for_a_database_that_was_left_are_that_rows_error(app: Flask, site: NewSite, browser: Browser) -> None:
    """There is nobody to write them for, and nothing is dropped in silence."""
    add_database(app, site)
    browser.put()
    browser.identify("ann", database_ids=[site.database_id])

    rows = browser.refresh(fields={"_fname": "Ann"})["enrollments"]

    assert [(row["status"], row.get("error")) for row in rows] == [("subscribed", None), ("error", "no_profile")]


def test_a_wish_to_subscribe_begins_anew_where_all_were_left(app: Flask, site: NewSite, browser: Browser) -> None:
    add_database(app, site)
    browser.put()
    browser.identify("ann", database_ids=[site.database_id])

    assert [row["status"] for row in browser.put()["enrollments"]] == ["subscribed", "subscribed"]


def test_nobody_is_left_when_no_row_succeeded(app: Flask, site: NewSite, browser: Browser) -> None:
    add_database(app, site)
    ann = profile_ids(browser.put(match={"external_id": "ann"}))

    browser.refresh(match={"profile_id": "0" * 24}, database_ids=[site.database_id])

    assert places(app, ann) == dict.fromkeys(ann, "subscribed")


def test_who_is_at_a_database_that_was_unlinked_is_left_too(app: Flask, site: NewSite, browser: Browser) -> None:
    """Else the former owner's messages would arrive at this browser when the link comes back."""
    second = add_database(app, site)
    _, ann = profile_ids(browser.put(match={"external_id": "ann"}))
    unlink(app, site, second)

    browser.identify("bob")
    link(app, site, second)

    assert places(app, [ann]) == {ann: BY_REBIND}


@pytest.mark.parametrize(
    ("status", "cause", "place"),
    [
        ("unsubscribed", None, "unsubscribed"),
        ("complained", None, "complained"),
        ("hardbounced", None, "hardbounced"),
        ("unconfirmed", None, "unconfirmed"),
        ("invalid", None, "invalid"),
        ("suspended", "operator", "suspended by operator"),
        ("suspended", "visitor", "suspended by visitor"),
    ],
)
def test_rebinding_and_binding_back_touch_only_what_was_subscribed(
    app: Flask, browser: Browser, status: str, cause: str | None, place: str
) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    set_status(app, ann, status, cause)

    browser.identify("bob")
    assert places(app, [ann]) == {ann: place}

    browser.identify("ann")
    assert places(app, [ann]) == {ann: place}


@pytest.mark.parametrize("status", ["unsubscribed", "complained"])
def test_an_explicit_subscribe_alone_lifts_an_opt_out(app: Flask, browser: Browser, status: str) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    set_status(app, ann, status)

    visits = [browser.refresh(), browser.identify("ann"), browser.post("resume")]

    assert [answer["enrollments"][0]["status"] for answer in visits] == [status] * 3
    assert browser.put(match={"external_id": "ann"})["enrollments"][0]["status"] == "subscribed"


def test_a_subscription_that_its_visitor_ended_is_not_revived_by_who_logs_in(browser: Browser) -> None:
    browser.put(match={"external_id": "ann"})
    browser.post("unsubscribe")

    visits = [browser.refresh(), browser.identify("ann"), browser.identify("bob"), browser.post("logout")]

    assert [(a["status"], a["enrollments"][0]["status"]) for a in visits] == [("unsubscribed", "unsubscribed")] * 4
    assert browser.put()["enrollments"][0]["status"] == "subscribed"


def test_a_match_by_subscription_alone_finds_only_a_subscribed_profile(app: Flask, browser: Browser) -> None:
    """So a wish to subscribe resumes nobody's pause: the browser becomes nobody's in particular."""
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    browser.post("pause")

    [row] = browser.put()["enrollments"]

    assert (row["status"], row["profile_id"] != ann) == ("subscribed", True)
    assert places(app, [ann]) == {ann: "suspended by visitor"}


def test_sec_13_a_rotated_endpoint_keeps_hash_and_enrollments_and_makes_no_profile(
    app: Flask, site: NewSite, browser: Browser
) -> None:
    """Trap 11."""
    add_database(app, site)
    before = browser.put(match={"external_id": "ann"})
    count = count_profiles(app)
    old, browser.subscription = browser.subscription, new_subscription()

    assert browser.refresh(previous=old) == before
    assert count_profiles(app) == count


def test_sec_14_the_same_endpoint_posted_again_changes_nothing(app: Flask, browser: Browser) -> None:
    before = browser.put(match={"external_id": "ann"})

    assert browser.put(match={"external_id": "ann"}) == before
    assert browser.refresh() == before
    assert count_profiles(app) == 1


def test_sec_14_other_keys_for_a_known_endpoint_bind_nobody(
    app: Flask, client: FlaskClient, page: str, browser: Browser
) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    forged = {**new_subscription(), "endpoint": browser.subscription["endpoint"]}

    answer = client.put(f"{page}/subscription", json={"subscription": forged, "match": {"external_id": "eve"}})

    assert refusal(answer) == (409, "subscription_conflict")
    assert (places(app, [ann]), count_profiles(app)) == ({ann: "subscribed"}, 1)
