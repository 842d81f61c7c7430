"""Browsers and pages that call at the same moment: nothing is doubled, nothing is lost."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from sitebell.models import Enrollment, Profile
from sitebell.services.sites import NewSite
from support.interleaving import at_once
from support.visitors import Browser, add_database, add_fields, known_of
from support.web_application import Json, parts

NewBrowser = Callable[[], Browser]


def of_another_client(app: Flask, browser: Browser) -> Browser:
    """The same browser, on a connection of its own."""
    return Browser(app.test_client(), browser.page, browser.subscription)


def count(app: Flask, *where: Any) -> list[tuple[int, int]]:
    """Return how many enrollments fulfil the conditions, by database."""
    query = select(Enrollment.database_id, func.count()).where(*where).group_by(Enrollment.database_id)
    with parts(app).store.reading() as session:
        return [(row[0], row[1]) for row in session.execute(query.order_by(Enrollment.database_id))]


def test_ten_people_claim_one_browser_and_one_of_them_has_it(app: Flask, site: NewSite, browser: Browser) -> None:
    databases = [site.database_id, add_database(app, site)]
    browser.put()

    def claim(number: int) -> Callable[[], Json]:
        return lambda: of_another_client(app, browser).identify(f"person {number}")

    at_once(map(claim, range(10)))

    assert count(app, Enrollment.status == "subscribed") == [(database, 1) for database in databases]
    assert count(app, Enrollment.left_at.is_(None)) == [(database, 1) for database in databases]
    assert count(app) == [(database, 11) for database in databases]


def test_ten_people_claim_a_browser_that_is_new(app: Flask, site: NewSite, browser: Browser) -> None:
    """Its row is made by the first of them."""

    def claim(number: int) -> Callable[[], Json]:
        return lambda: of_another_client(app, browser).put(match={"external_id": f"person {number}"})

    at_once(map(claim, range(10)))

    assert count(app, Enrollment.status == "subscribed") == [(site.database_id, 1)]


def test_ten_browsers_with_one_new_email_make_one_profile(app: Flask, site: NewSite, new_browser: NewBrowser) -> None:
    add_database(app, site)

    def join(browser: Browser) -> Callable[[], Json]:
        return lambda: of_another_client(app, browser).put(match={"email": "ann@example.com"})

    answers = at_once(join(new_browser()) for _ in range(10))

    assert len({str(answer["enrollments"]) for answer in answers}) == 1
    with parts(app).store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Profile)) == 2


def test_ten_browsers_that_give_several_new_keys_make_one_profile(
    app: Flask, site: NewSite, new_browser: NewBrowser
) -> None:
    """Some give the keys alone and some together, so that they wait for one another in more than one order."""
    add_fields(app, site.database_id, card="text")
    custom, email, phone = {"field": "card", "value": "A 1"}, "ann@example.com", "+4930901820"
    new_browser().put(match={"custom": custom, "email": email, "phone": phone})
    matches: list[Json] = [{"custom": custom, "email": email}, {"phone": phone}, {"email": email, "phone": phone}]

    def join(browser: Browser, match: Json) -> Callable[[], Json]:
        return lambda: of_another_client(app, browser).put(match=match)

    at_once(join(new_browser(), matches[number % 3]) for number in range(10))

    with parts(app).store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Profile)) == 1


def test_twenty_increments_lose_nothing(app: Flask, site: NewSite, new_browser: NewBrowser) -> None:
    """Of one person, from a browser each, beside writers of other fields."""
    add_fields(app, site.database_id, points="integer", likes="list")
    browsers = [new_browser() for _ in range(20)]
    for browser in browsers:
        browser.put(match={"external_id": "ann"})

    def write(number: int, browser: Browser) -> Callable[[], Json]:
        fields = {"points": {"incr": 1}, "likes": {"add": [str(number)]}}
        return lambda: of_another_client(app, browser).refresh(fields=fields)

    at_once(write(number, browser) for number, browser in enumerate(browsers))

    known = known_of(app, browsers[0].profile_id())
    assert (known["points"], sorted(known["likes"], key=int)) == (20, [str(number) for number in range(20)])


def test_logins_and_logouts_at_once_leave_one_of_them_standing(app: Flask, site: NewSite, browser: Browser) -> None:
    browser.put(match={"external_id": "ann"})

    def act(number: int) -> Callable[[], Json]:
        same = of_another_client(app, browser)
        return (lambda: same.post("logout")) if number % 2 else (lambda: same.identify("ann"))

    at_once(map(act, range(10)))

    assert count(app, Enrollment.status == "subscribed") == [(site.database_id, 1)]
    assert count(app) == [(site.database_id, 2)]
