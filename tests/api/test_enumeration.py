"""SEC-15: neither the answer nor the work tells whether a person is known."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from sitebell.services.sites import NewSite
from support.visitors import Browser, add_fields
from support.web_application import Json, parts

NewBrowser = Callable[[], Browser]
MATCHES: dict[str, Callable[[str], Json]] = {
    "external_id": lambda name: {"external_id": name},
    "email": lambda name: {"email": f"{name}@example.com"},
    "phone": lambda name: {"phone": f"+4930{sum(map(ord, name)):06}"},
    "custom": lambda name: {"custom": {"field": "card", "value": name}},
    "external_id and email": lambda name: {"external_id": name, "email": f"{name}@example.com"},
}
ways = pytest.mark.parametrize("match_of", MATCHES.values(), ids=MATCHES)
exclusivity = pytest.mark.parametrize("exclusive", [True, False])


@pytest.fixture
def known(app: Flask, site: NewSite, new_browser: NewBrowser) -> str:
    """A person whom the site knows well, from two browsers."""
    add_fields(app, site.database_id, card="text")
    for match_of in MATCHES.values():
        for _ in range(2):
            new_browser().put(match=match_of("ann"), fields={"_fname": "Ann"})
    return "ann"


def without_ids(value: Any) -> str:
    """Return an answer as text, its random ids replaced."""
    return re.sub(r"'[0-9a-f]{24,32}'", "'id'", repr(value))


@ways
@exclusivity
def test_sec_15_a_known_and_an_unknown_person_get_the_same_answer(
    new_browser: NewBrowser, known: str, match_of: Callable[[str], Json], *, exclusive: bool
) -> None:
    answers = [
        [browser.put(match=match_of(name), exclusive=exclusive), browser.refresh(), browser.post("status")]
        for name in (known, "eve")
        for browser in [new_browser()]
    ]

    assert without_ids(answers[0]) == without_ids(answers[1])


@ways
@exclusivity
def test_sec_15_a_known_and_an_unknown_person_cost_the_same_statements(
    app: Flask, new_browser: NewBrowser, known: str, match_of: Callable[[str], Json], *, exclusive: bool
) -> None:
    """For a new browser and for one that has been somebody's; the bucket's bookkeeping is made before."""
    statements: list[str] = []
    event.listen(parts(app).store.engine, "before_cursor_execute", lambda _c, _u, sql, *_: statements.append(sql))

    def cost(name: str, *, is_new: bool) -> int:
        browser = new_browser()
        if not is_new:
            browser.put(match={"external_id": f"before {name}"})
        statements.clear()
        browser.put(match=match_of(name), exclusive=exclusive, fields={"_lname": "Lee"})
        return len(statements)

    cost("somebody", is_new=True)
    for is_new in (True, False):
        assert cost(known, is_new=is_new) == cost(f"eve{is_new}", is_new=is_new)


@ways
def test_sec_15_what_somebody_wrote_of_a_known_person_is_not_told(
    new_browser: NewBrowser, known: str, match_of: Callable[[str], Json]
) -> None:
    browser = new_browser()

    answer = browser.put(match=match_of(known))

    assert set(answer["enrollments"][0]) == {"database_id", "profile_id", "status"}


def test_sec_15_an_opt_out_of_another_browser_is_not_told(new_browser: NewBrowser, known: str) -> None:
    first = new_browser()
    first.put(match=MATCHES["email"](known))
    first.post("unsubscribe")

    assert new_browser().put(match=MATCHES["email"](known))["enrollments"][0]["status"] == "subscribed"
