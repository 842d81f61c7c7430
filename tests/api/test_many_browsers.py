"""One person with many browsers, and a stranger who claims to be that person with many more (SEC-16)."""

from collections.abc import Callable

from flask import Flask
from sqlalchemy import select, update

from sitebell.models import Enrollment, Profile
from support.stopped_clock import StoppedClock
from support.visitors import Browser, profile_ids
from support.web_application import parts

NewBrowser = Callable[[], Browser]
BY_REBIND = "suspended by rebind"


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


def test_sec_16_what_was_proved_is_not_pushed_out_by_what_was_only_claimed(
    app: Flask, new_browser: NewBrowser, clock: StoppedClock
) -> None:
    [ann] = profile_ids(new_browser().put(match={"email": "ann@example.com"}))
    with parts(app).store.writing() as session:
        session.execute(update(Enrollment).values(bound_by="signed"))
    for _ in range(21):
        clock.advance(seconds=1)
        new_browser().put(match={"email": "ann@example.com"})

    with parts(app).store.reading() as session:
        query = select(Enrollment.status).join(Profile).where(Profile.public_id == ann)
        proved = session.scalars(query.where(Enrollment.bound_by == "signed")).all()
    assert proved == ["subscribed"]
