"""The export of a person with thousands of browsers: whole, in pages, or a failure that says so."""

import tracemalloc
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import insert

from sitebell.models import Webhook, WebhookCall, WebhookCallSubscription
from support.back_end import BackEnd
from support.interleaving import interleave
from support.many_browsers import add_browsers
from support.query_plans import watched
from support.stopped_clock import StoppedClock
from support.visitors import Browser, profile_ids
from support.web_application import parts, refusal

NewBrowser = Callable[[], Browser]
FEW, MANY = 40, 400  # of one page


def add_people(new_browser: NewBrowser, *names: str) -> list[str]:
    """Make people with one browser each and return their ids."""
    return [profile_ids(new_browser().put(match={"external_id": name}))[0] for name in names]


def test_an_export_of_1500_browsers_is_whole(app: Flask, office: BackEnd, new_browser: NewBrowser) -> None:
    """Also where others have used every second one of them."""
    ann, ben = add_people(new_browser, "ann", "ben")
    add_browsers(app, ann, 1499, other=ben)

    answer = office.call("GET", f"{office.profiles}/{ann}/export")
    shown = answer.get_json()

    assert (answer.status_code, answer.content_length) == (200, len(answer.data))
    assert len({row["subscriber_hash"] for row in shown["subscriptions"]}) == 1500
    assert len([row for row in shown["events"] if row["type"] == "custom"]) == 1499


def test_an_export_costs_the_same_statements_for_few_browsers_and_a_page_of_them(
    app: Flask, office: BackEnd, new_browser: NewBrowser
) -> None:
    few, many, other = add_people(new_browser, "ann", "ben", "eve")
    costs = []
    for person, count in ((few, FEW), (many, MANY)):
        add_browsers(app, person, count, other=other)
        with watched(parts(app).store.engine) as statements:
            office.ask("GET", f"{office.profiles}/{person}/export")
        costs.append(len(statements))

    assert costs[0] == costs[1]


def test_an_export_holds_a_page_of_it_in_memory(app: Flask, office: BackEnd, new_browser: NewBrowser) -> None:
    """Five hundred more browsers cost less than half of what is shown of them."""
    costs = []
    for person, count in zip(add_people(new_browser, "ann", "ben"), (500, 1000), strict=True):
        add_browsers(app, person, count)
        tracemalloc.start()
        with office.call("GET", f"{office.profiles}/{person}/export", buffered=False) as answer:
            costs.append((tracemalloc.get_traced_memory()[1], answer.content_length or 0))
        tracemalloc.stop()

    grown, shown = (after - before for before, after in zip(*costs, strict=True))
    assert grown < shown / 2


def test_an_export_that_fails_half_way_is_a_failure(app: Flask, office: BackEnd, browser: Browser) -> None:
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    with parts(app).store.writing() as session:
        now = parts(app).clock()
        hook = Webhook(site_id=1, url="https://hooks.example.com", events=[], secret=b"", created_at=now)
        session.add(hook)
        session.flush()
        call = WebhookCall(webhook_id=hook.id, public_id="broken", body=[{"subscription_id": 1}], created_at=now)
        session.add(call)
        session.flush()
        session.execute(insert(WebhookCallSubscription).values(call_id=call.id, subscription_id=1))

    assert refusal(office.call("GET", f"{office.profiles}/{ann}/export")) == (500, "internal_error")


@pytest.mark.databases("postgresql")
def test_an_export_is_of_one_moment(app: Flask, office: BackEnd, browser: Browser, clock: StoppedClock) -> None:
    """Who comes to a browser while it is read would else be taken for who was there. On SQLite every transaction is."""
    office.ask("PUT", "/v1/topics", {"topics": [{"name": "hiv", "title": "HIV"}]})
    [ann] = profile_ids(browser.put(match={"external_id": "ann"}))
    path, visitor = f"{office.profiles}/{ann}/export", Browser(app.test_client(), browser.page, browser.subscription)

    def come() -> None:
        clock.advance(minutes=1)
        visitor.identify("ben", topics=["hiv"])

    engine, stays = parts(app).store.engine, "FROM enrollment JOIN subscription .* JOIN site"
    shown, _ = interleave(engine, lambda: office.ask("GET", path), come, after=stays)

    assert [row["topics"] for row in shown["subscriptions"]] == [[]]
