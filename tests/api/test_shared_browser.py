"""Two people at one browser: logout, and what one of them leaves behind for the other, which is nothing (SEC-14)."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from sitebell.models import Enrollment, ProfileTag
from sitebell.services.sites import NewSite
from support.visitors import (
    Browser,
    add_database,
    add_fields,
    count_profiles,
    known_of,
    link,
    places,
    profile_ids,
    unlink,
)
from support.web_application import Json, parts

NewBrowser = Callable[[], Browser]


def test_logout_leaves_the_person_in_the_same_request(app: Flask, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))

    answer = browser.post("logout")

    assert places(app, [ann]) == {ann: "suspended by rebind"}
    assert answer == browser.post("status")
    [row] = answer["enrollments"]
    assert (row["status"], row["profile_id"] != ann) == ("subscribed", True)


def test_logout_leads_to_one_anonymous_profile_however_often(app: Flask, browser: Browser) -> None:
    nobody = profile_ids(browser.put())
    for name in ("ann", "bob", "ann"):
        browser.identify(name)
        assert profile_ids(browser.post("logout")) == nobody
        assert profile_ids(browser.post("logout")) == nobody
    assert count_profiles(app) == 3


def test_logout_of_who_was_never_anonymous_makes_one_anonymous_profile(app: Flask, browser: Browser) -> None:
    browser.put(match={"external_id": "ann"})
    nobody = profile_ids(browser.post("logout"))
    browser.identify("bob")

    assert profile_ids(browser.post("logout")) == nobody
    assert (count_profiles(app), known_of(app, nobody[0])) == (3, {})


def test_after_logout_no_visit_brings_the_person_back(app: Flask, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    browser.post("logout")

    for _ in range(5):
        browser.refresh()
        browser.put()
        browser.post("resume")
    assert places(app, [ann]) == {ann: "suspended by rebind"}


def test_logout_reaches_every_database(app: Flask, site: NewSite, browser: Browser) -> None:
    add_database(app, site)
    ann = profile_ids(browser.put(match={"external_id": "ann"}))

    assert browser.post("logout") == browser.post("status")
    assert browser.statuses() == ["subscribed", "subscribed"]
    assert places(app, ann) == dict.fromkeys(ann, "suspended by rebind")


def test_logout_reaches_a_database_that_was_unlinked(app: Flask, site: NewSite, browser: Browser) -> None:
    second = add_database(app, site)
    _, ann = profile_ids(browser.put(match={"external_id": "ann"}))
    unlink(app, site, second)

    browser.post("logout")
    link(app, site, second)

    assert places(app, [ann]) == {ann: "suspended by rebind"}


def test_logout_works_on_a_site_without_a_database(app: Flask, site: NewSite, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    unlink(app, site, site.database_id)

    assert browser.post("logout")["enrollments"] == []
    assert places(app, [ann]) == {ann: "suspended by rebind"}


def test_logout_leaves_all_of_several_people(app: Flask, browser: Browser) -> None:
    """Also one who is paused beside the anonymous profile: or `resume` would bring them back after the logout."""
    [nobody] = profile_ids(browser.put())
    [ann] = profile_ids(browser.identify("ann", exclusive=False))
    [bob] = profile_ids(browser.identify("bob", exclusive=False))
    browser.post("pause")

    browser.post("logout")
    browser.post("resume")

    assert places(app, [nobody, ann, bob])[nobody] == "subscribed"
    with parts(app).store.reading() as session:
        present = select(func.count()).select_from(Enrollment).where(Enrollment.left_at.is_(None))
        assert session.scalar(present) == 1


def test_what_an_anonymous_visitor_wrote_is_not_the_next_ones(app: Flask, site: NewSite, browser: Browser) -> None:
    add_fields(app, site.database_id, plan="text")
    written: Json = {"_fname": "Ann", "plan": "gold"}
    [nobody] = profile_ids(browser.put(fields=written, tags={"add": ["vip"]}))
    [bob] = profile_ids(browser.identify("bob"))

    browser.post("logout")

    assert (known_of(app, nobody), known_of(app, bob)) == ({}, {"external_id": "bob"})
    with parts(app).store.reading() as session:
        assert session.scalars(select(ProfileTag.tag)).all() == []


def test_who_left_an_email_address_while_anonymous_is_nobody_elses_profile(app: Flask, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(fields={"email": "ann@example.com"}))
    browser.identify("bob")

    [nobody] = profile_ids(browser.post("logout"))

    assert nobody != ann
    assert known_of(app, ann) == {"email": "ann@example.com"}


def test_who_left_a_phone_number_or_an_address_while_anonymous_is_left_at_logout(app: Flask, browser: Browser) -> None:
    """Such a profile can be written to by its address: it is somebody's, whether or not they logged in."""
    for contact in ({"email": "ann@example.com"}, {"phones": ["+4930901820"]}):
        [known] = profile_ids(browser.put(fields=contact))

        [nobody] = profile_ids(browser.post("logout"))

        assert places(app, [known]) == {known: "suspended by rebind"}
        assert known_of(app, nobody) == {}


def test_a_repeated_logout_keeps_what_was_written_since(app: Flask, browser: Browser) -> None:
    """Sites call logout on every page on which nobody is logged in."""
    browser.put(match={"external_id": "ann"})
    browser.post("logout")
    [nobody] = profile_ids(browser.refresh(fields={"_fname": "Guest"}))

    browser.post("logout")

    assert known_of(app, nobody) == {"_fname": "Guest"}


def test_subscribing_again_while_paused_keeps_what_the_same_visitor_wrote(app: Flask, browser: Browser) -> None:
    [nobody] = profile_ids(browser.put(fields={"_fname": "Guest"}))
    browser.post("pause")

    assert profile_ids(browser.put()) == [nobody]
    assert known_of(app, nobody) == {"_fname": "Guest"}


def test_an_anonymous_profile_that_another_browser_was_matched_to_is_not_cleared(
    app: Flask, site: NewSite, new_browser: NewBrowser
) -> None:
    add_fields(app, site.database_id, card="text")
    first, second = new_browser(), new_browser()
    [shared] = profile_ids(first.put(fields={"card": "A 1"}))
    assert profile_ids(second.put(match={"custom": {"field": "card", "value": "A 1"}})) == [shared]
    first.identify("bob")

    [nobody] = profile_ids(first.post("logout"))

    assert nobody != shared
    assert known_of(app, shared) == {"card": "A 1"}
    assert second.profile_id() == shared


def test_attributes_of_two_people_at_one_browser_never_merge(app: Flask, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}, fields={"_fname": "Ann"}))
    browser.post("logout")
    [bob] = profile_ids(browser.identify("bob", fields={"_lname": "Baker"}))

    assert known_of(app, ann) == {"external_id": "ann", "_fname": "Ann"}
    assert known_of(app, bob) == {"external_id": "bob", "_lname": "Baker"}


def test_fields_without_a_match_are_the_present_visitors(app: Flask, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    [bob] = profile_ids(browser.identify("bob"))

    browser.refresh(fields={"_fname": "Bob"})

    assert (known_of(app, ann), known_of(app, bob)["_fname"]) == ({"external_id": "ann"}, "Bob")


def test_one_person_may_have_many_browsers(new_browser: NewBrowser) -> None:
    """The person is the durable key, the browser comes and goes (trap 14)."""
    first, second = new_browser(), new_browser()
    ann = profile_ids(first.put(match={"external_id": "ann"}))
    assert profile_ids(second.put(match={"external_id": "ann"})) == ann

    first.post("logout")

    assert (second.profile_id(), second.statuses()) == (ann[0], ["subscribed"])


def test_sec_12_a_browser_touches_only_its_own_enrollments(
    client: FlaskClient, page: str, new_browser: NewBrowser
) -> None:
    """Knowing endpoint, public hash or e-mail of another browser is not enough."""
    ann, eve = new_browser(), new_browser()
    answer = ann.put(match={"email": "ann@example.com"})
    half_known = {**eve.subscription, "endpoint": ann.subscription["endpoint"]}

    for name in ("status", "logout", "pause", "resume", "unsubscribe"):
        refused = client.post(f"{page}/subscription/{name}", json={"subscription": half_known})
        assert refused.status_code == 404
    eve.put(match={"email": "ann@example.com"})
    for name in ("pause", "logout", "unsubscribe"):
        eve.post(name)

    assert ann.post("status") == answer
