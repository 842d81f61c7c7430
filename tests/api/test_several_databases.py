"""A site with one, several and no databases: each has a result of its own."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.visitors import Browser, add_database, add_fields, count_profiles, unlink
from support.web_application import new_subscription, refusal, stored_rows

NewBrowser = Callable[[], Browser]


def test_each_database_has_a_result_of_its_own(app: Flask, site: NewSite, browser: Browser) -> None:
    second = add_database(app, site)

    rows = browser.put(match={"external_id": "c-1"})["enrollments"]

    assert [(row["database_id"], row["status"]) for row in rows] == [
        (site.database_id, "subscribed"),
        (second, "subscribed"),
    ]
    assert rows[0]["profile_id"] != rows[1]["profile_id"]


def test_one_database_may_fail_while_another_succeeds(app: Flask, site: NewSite, browser: Browser) -> None:
    """The subscription is stored, and the row that failed wrote nothing."""
    second = add_database(app, site)
    add_fields(app, second, card="text")

    rows = browser.put(match={"custom": {"field": "card", "value": "A 1"}})["enrollments"]

    assert [(row["status"], row.get("error")) for row in rows] == [("error", "unknown_field"), ("subscribed", None)]
    assert count_profiles(app) == 1
    assert browser.post("status")["enrollments"] == rows[1:]


def test_named_databases_alone_are_worked_in(app: Flask, site: NewSite, browser: Browser) -> None:
    second = add_database(app, site)

    answer = browser.put(match={"external_id": "c-1"}, database_ids=[second])

    assert [row["database_id"] for row in answer["enrollments"]] == [second]
    assert count_profiles(app) == 1


def test_a_visit_joins_no_database_that_the_subscription_was_not_meant_for(
    app: Flask, site: NewSite, browser: Browser
) -> None:
    """Reconciling pages do not repeat the database filter of the first call."""
    second = add_database(app, site)
    browser.put(database_ids=[second])

    assert [row["database_id"] for row in browser.refresh()["enrollments"]] == [second]
    assert count_profiles(app) == 1


def test_a_database_that_is_named_twice_counts_once(site: NewSite, browser: Browser) -> None:
    assert len(browser.put(database_ids=[site.database_id] * 2)["enrollments"]) == 1


def test_a_database_that_is_not_the_sites_is_refused(
    app: Flask, client: FlaskClient, page: str, site: NewSite, new_site: Callable[[str], NewSite]
) -> None:
    """SEC-38: one that exists and one that does not are the same."""
    other = new_site("https://other.example").database_id
    before = stored_rows(app)

    for unknown in (other, 999):
        body = {"subscription": new_subscription(), "database_ids": [site.database_id, unknown]}
        answer = client.put(f"{page}/subscription", json=body)
        assert refusal(answer) == (422, "unknown_database")
        assert answer.json["error"]["details"] == {"database_ids": [unknown]}  # type: ignore[index]
    assert stored_rows(app) == before


@pytest.mark.parametrize("intent", ["subscribe", "refresh"])
def test_a_site_without_a_database_says_so_and_stores_nothing(
    app: Flask, client: FlaskClient, page: str, site: NewSite, intent: str
) -> None:
    unlink(app, site, site.database_id)
    before = stored_rows(app)

    answer = client.put(f"{page}/subscription", json={"subscription": new_subscription(), "intent": intent})

    assert refusal(answer) == (409, "no_database")
    assert stored_rows(app) == before


def test_who_was_unlinked_from_every_database_is_at_the_new_one_at_the_next_visit(
    app: Flask, site: NewSite, browser: Browser
) -> None:
    """Else nothing would reach the browsers of a site that changed its database."""
    browser.put()
    unlink(app, site, site.database_id)
    second = add_database(app, site)

    [row] = browser.refresh()["enrollments"]

    assert (row["database_id"], row["status"]) == (second, "subscribed")


def test_of_an_opt_out_that_is_suspended_only_the_suspension_goes_along_to_another_database(
    app: Flask, office: BackEnd, browser: Browser
) -> None:
    subscriber = browser.put(match={"external_id": "ann"})["subscriber_hash"]
    office.attach(browser.profile_id(), subscriber, status="unsubscribed")
    office.ask("POST", f"/v1/subscribers/{subscriber}/suspend")
    add_database(app, office.site)

    assert [row["status"] for row in browser.identify("ann")["enrollments"]] == ["unsubscribed", "suspended"]
    office.ask("POST", f"/v1/subscribers/{subscriber}/resume")
    assert browser.statuses() == ["unsubscribed", "subscribed"]
