"""One person with many browsers, and a stranger who claims to be that person with many more (SEC-16)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from sitebell.models import PROVEN, BoundBy, Enrollment, Profile, Subscription
from support.back_end import BackEnd
from support.many_browsers import add_browsers
from support.stopped_clock import StoppedClock
from support.visitors import Browser, profile_ids
from support.web_application import parts

NewBrowser = Callable[[], Browser]
MOST, SILENT = 20, 4


def test_sec_16_messages_go_to_the_twenty_newest_browsers_of_a_person(
    app: Flask, new_browser: NewBrowser, clock: StoppedClock
) -> None:
    """And who names the person from one more is not told how many there are."""
    first = new_browser()
    answers = []
    for browser in [first, *(new_browser() for _ in range(20))]:
        answers.append(browser.put(match={"email": "ann@example.com"}))
        clock.advance(seconds=1)

    assert {answer["enrollments"][0]["status"] for answer in answers} == {"subscribed"}
    with parts(app).store.reading() as session:
        statuses = list(session.scalars(select(Enrollment.status).order_by(Enrollment.id)))
    assert statuses == ["suspended", *["subscribed"] * 20]
    assert first.refresh(match={"email": "ann@example.com"})["enrollments"][0]["status"] == "subscribed"


@pytest.mark.parametrize("word", PROVEN)
def test_sec_16_what_was_proved_is_not_pushed_out_by_what_was_only_claimed(
    app: Flask, new_browser: NewBrowser, clock: StoppedClock, word: BoundBy
) -> None:
    [ann] = profile_ids(new_browser().put(match={"email": "ann@example.com"}))
    add_browsers(app, ann, 19)
    with parts(app).store.writing() as session:
        first = select(func.min(Enrollment.id)).scalar_subquery()
        session.execute(update(Enrollment).where(Enrollment.id == first).values(bound_by=word))
    for _ in range(2):
        clock.advance(seconds=1)
        new_browser().put(match={"email": "ann@example.com"})

    with parts(app).store.reading() as session:
        query = select(Enrollment.status).join(Profile).where(Profile.public_id == ann)
        proved = session.scalars(query.where(Enrollment.bound_by == word)).all()
    assert proved == ["subscribed"]


def _bind(new_browser: NewBrowser, clock: StoppedClock, count: int) -> list[Browser]:
    browsers = [new_browser() for _ in range(count)]
    for browser in browsers:
        clock.advance(seconds=1)
        browser.put(match={"external_id": "ann"})
    return browsers


def _fill(app: Flask, new_browser: NewBrowser, clock: StoppedClock) -> list[Browser]:
    """Bind as many browsers as may receive; return those that will be silent."""
    first = _bind(new_browser, clock, SILENT)
    add_browsers(app, first[0].profile_id(), MOST - SILENT)
    return first


def _receiving(app: Flask) -> int:
    with parts(app).store.reading() as session:
        query = select(func.count()).select_from(Enrollment).join(Subscription)
        query = query.where(Enrollment.status == "subscribed", Subscription.status == "subscribed")
        return session.scalar(query) or 0


def test_sec_16_of_two_people_who_are_merged_the_twenty_newest_browsers_receive(
    app: Flask, office: BackEnd, new_browser: NewBrowser, clock: StoppedClock
) -> None:
    people = []
    for name in ("ann", "anna"):
        [person] = profile_ids(new_browser().put(match={"external_id": name}))
        add_browsers(app, person, MOST - 1)
        people.append(person)
        clock.advance(seconds=1)
    older, newer = people

    office.ask("POST", f"{office.profiles}/{older}/merge", {"from": newer})

    assert _receiving(app) == MOST
    with parts(app).store.reading() as session:
        assert len(set(session.scalars(select(Enrollment.bound_at).where(Enrollment.status == "subscribed")))) == 1


@pytest.mark.parametrize(("end", "begin"), [("pause", "resume"), ("suspend", "resume"), ("unsubscribe", "subscribe")])
def test_sec_16_browsers_that_come_back_are_counted_again(
    app: Flask, office: BackEnd, new_browser: NewBrowser, clock: StoppedClock, end: str, begin: str
) -> None:
    """Else those that are silent for a while make room for as many more, and all of them receive in the end."""
    first = _fill(app, new_browser, clock)
    hashes = [browser.post("status")["subscriber_hash"] for browser in first]

    def step(browser: Browser, subscriber_hash: str, name: str) -> None:
        if end == "suspend":
            office.ask("POST", f"/v1/subscribers/{subscriber_hash}/{name}")
        elif name == "subscribe":
            browser.put()
        else:
            browser.post(name)

    for browser, subscriber_hash in zip(first, hashes, strict=True):
        step(browser, subscriber_hash, end)
    _bind(new_browser, clock, SILENT)
    assert _receiving(app) == MOST
    for browser, subscriber_hash in zip(first, hashes, strict=True):
        step(browser, subscriber_hash, begin)
        assert browser.statuses() == ["subscribed"], "nobody is told that there is a limit"

    assert _receiving(app) == MOST


def test_sec_16_pauses_that_a_visit_ends_are_counted_again(
    app: Flask, new_browser: NewBrowser, clock: StoppedClock
) -> None:
    until = (clock() + timedelta(hours=1)).isoformat()
    first = _fill(app, new_browser, clock)
    for browser in first:
        browser.post("pause", until=until)
    _bind(new_browser, clock, SILENT)
    assert _receiving(app) == MOST
    clock.advance(hours=2)

    for browser in first:
        browser.refresh()

    assert _receiving(app) == MOST
