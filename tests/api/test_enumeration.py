"""SEC-15: neither the answer nor the work tells whether a person is known."""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from sitebell.services.fields.updates import MAX_PHONES
from sitebell.services.fields.values import LARGEST, LONGEST_LIST, SCALE
from sitebell.services.sites import NewSite
from sitebell.services.tags import MAX_TAGS
from support.back_end import BackEnd
from support.query_plans import watched
from support.stopped_clock import StoppedClock
from support.visitors import Browser, add_database, add_fields
from support.web_application import Json, make_site, parts, refusal

NewBrowser = Callable[[], Browser]
MATCHES: dict[str, Callable[[str], Json]] = {
    "external_id": lambda name: {"external_id": name},
    "email": lambda name: {"email": f"{name}@example.com"},
    "phone": lambda name: {"phone": f"+4930{sum(map(ord, name)):06}"},
    "custom": lambda name: {"custom": {"field": "card", "value": name}},
    "external_id and email": lambda name: {"external_id": name, "email": f"{name}@example.com"},
}
ways = pytest.mark.parametrize("match_of", MATCHES.values(), ids=MATCHES)


def introduce_ann(app: Flask, site: NewSite, new_browser: NewBrowser) -> str:
    """Let a site know a person well, from two browsers."""
    add_fields(app, site.database_id, card="text")
    for match_of in MATCHES.values():
        for _ in range(2):
            new_browser().put(match=match_of("ann"), fields={"_fname": "Ann"})
    return "ann"


@pytest.fixture
def known(app: Flask, site: NewSite, new_browser: NewBrowser) -> str:
    """A person whom the site knows well."""
    return introduce_ann(app, site, new_browser)


@dataclass(frozen=True)
class Town:
    """A site that knows ann, for all tests after which it still does."""

    new_browser: NewBrowser
    known: str
    strangers: Iterator[str]


@pytest.fixture(scope="module")
def town(shared_app: Flask) -> Town:
    """The site; each of its strangers is one once, by any match."""
    site, client = make_site(shared_app), shared_app.test_client()

    def new_browser() -> Browser:
        return Browser(client, f"/v1/sites/{site.site.token}")

    known = introduce_ann(shared_app, site, new_browser)
    return Town(new_browser, known, ("eve" + "e" * number for number in itertools.count()))


def without_ids(value: Any) -> str:
    """Return an answer as text, its random ids replaced."""
    return re.sub(r"'[0-9a-f]{24,32}'", "'id'", repr(value))


@ways
def test_sec_15_a_known_and_an_unknown_person_get_the_same_answer(town: Town, match_of: Callable[[str], Json]) -> None:
    def answers(name: str, *, exclusive: bool) -> str:
        browser = town.new_browser()
        put = browser.put(match=match_of(name), exclusive=exclusive)
        return without_ids([put, browser.refresh(), browser.post("status")])

    for exclusive in (True, False):
        assert answers(town.known, exclusive=exclusive) == answers(next(town.strangers), exclusive=exclusive)


@ways
def test_sec_15_a_known_and_an_unknown_person_cost_the_same_statements(
    shared_app: Flask, town: Town, match_of: Callable[[str], Json]
) -> None:
    """For a new browser and for one that has been somebody's; the bucket's bookkeeping is made before."""

    def cost(name: str, *, exclusive: bool, is_new: bool) -> int:
        browser = town.new_browser()
        if not is_new:
            browser.put(match={"external_id": f"before {next(town.strangers)}"})
        with watched(parts(shared_app).store.engine) as statements:
            browser.put(match=match_of(name), exclusive=exclusive, fields={"_lname": "Lee"})
        return len(statements)

    cost("somebody", exclusive=True, is_new=True)
    for exclusive, is_new in itertools.product((True, False), repeat=2):
        given = {"exclusive": exclusive, "is_new": is_new}
        assert cost(town.known, **given) == cost(next(town.strangers), **given)


@ways
@pytest.mark.parametrize("has_logged_out", [False, True])
def test_sec_15_what_becomes_of_a_pause_does_not_tell_who_is_known(
    app: Flask, site: NewSite, new_browser: NewBrowser, match_of: Callable[[str], Json], *, has_logged_out: bool
) -> None:
    """Neither by its answers nor by its work: it goes from one database to another with the person that is claimed."""
    databases = [site.database_id, add_database(app, site)]
    for database_id in databases:
        add_fields(app, database_id, card="text")
    person = {key: value for name in MATCHES for key, value in MATCHES[name]("ann").items() if key != "custom"}
    for match in (person, MATCHES["custom"]("ann")):
        new_browser().put(match=match, fields={"card": "ann"})
    new_browser().put(match={"external_id": "somebody"})
    told = []
    for name in ("ann", "eve"):
        browser = new_browser()
        browser.put(match=match_of(name), database_ids=databases[:1])
        with watched(parts(app).store.engine) as statements:
            answers = [browser.post("pause")]
            if has_logged_out:
                answers.append(browser.post("logout"))
            answers += [browser.refresh(match=match_of(name), database_ids=databases[1:]), browser.post("resume")]
            answers += [browser.refresh(match=match_of(name), database_ids=databases[:1]), browser.post("status")]
        told.append((without_ids(answers), len(statements)))

    assert told[0] == told[1]
    assert "suspended" in told[0][0]


@ways
def test_sec_15_what_somebody_wrote_of_a_known_person_is_not_told(town: Town, match_of: Callable[[str], Json]) -> None:
    answer = town.new_browser().put(match=match_of(town.known))

    assert set(answer["enrollments"][0]) == {"database_id", "profile_id", "status"}


def test_sec_15_an_opt_out_of_another_browser_is_not_told(new_browser: NewBrowser, known: str) -> None:
    first = new_browser()
    first.put(match=MATCHES["email"](known))
    first.post("unsubscribe")

    assert new_browser().put(match=MATCHES["email"](known))["enrollments"][0]["status"] == "subscribed"


MOST = LARGEST // SCALE  # whole, of a decimal
FULL: Json = {
    "phones": [f"+49309018{number:02}" for number in range(MAX_PHONES)],
    "likes": [f"like-{number}" for number in range(LONGEST_LIST)],
    "points": MOST,
    "debts": -MOST,
}
CHANGES: dict[str, Json] = {
    "phones.add": {"fields": {"phones": {"add": ["+4930901899"]}}},
    "phones.upsert": {"fields": {"phones": {"upsert": ["+4930901899", FULL["phones"][0]]}}},
    "phones.set": {"fields": {"phones": ["+4930901899"]}},
    "phones.delete": {"fields": {"phones": {"delete": FULL["phones"]}}},
    "phones.unset": {"fields": {"phones": None}},
    "phones, too many": {"fields": {"phones": {"add": [f"+49309017{number:02}" for number in range(MAX_PHONES + 1)]}}},
    "email.set": {"fields": {"email": "other@example.com"}},
    "email.unset": {"fields": {"email": None}},
    "list.add": {"fields": {"likes": {"add": ["more"]}}},
    "list.upsert": {"fields": {"likes": {"upsert": ["more", "like-0"]}}},
    "list.delete": {"fields": {"likes": {"delete": FULL["likes"]}}},
    "list, too many": {"fields": {"likes": {"add": ["more"] * (LONGEST_LIST + 1)}}},
    "incr": {"fields": {"points": {"incr": 1}, "debts": {"incr": -1}}},
    "incr, too much": {"fields": {"points": {"incr": MOST + 1}}},
    "set": {"fields": {"points": 1, "_fname": "Eve"}},
    "unset": {"fields": {"points": None, "_fname": {"unset": True}}},
    "tags.add": {"tags": {"add": ["more"]}},
    "tags.add known": {"tags": {"add": ["tag-0"]}},
    "tags.remove": {"tags": {"remove": ["tag-0"]}},
    "both": {"fields": {"likes": {"add": ["more"]}}, "tags": {"add": ["more", "tag-1"], "remove": ["tag-0"]}},
}


@pytest.fixture
def full(app: Flask, site: NewSite, client: FlaskClient, clock: StoppedClock) -> str:
    """A person, found by e-mail, of whom as much is stored as there can be; time has passed since."""
    add_fields(app, site.database_id, likes="list", points="decimal", debts="decimal")
    phones, fields = FULL["phones"], {name: value for name, value in FULL.items() if name != "phones"}
    tags = [f"tag-{number}" for number in range(MAX_TAGS)]
    BackEnd(client, site).add_profile(email="ann@example.com", phones=phones, fields=fields, tags=tags)
    clock.advance(hours=1)
    return "ann"


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_sec_15_no_write_of_a_page_tells_what_is_stored(
    app: Flask, new_browser: NewBrowser, full: str, change: Json
) -> None:
    """Neither by its answer nor by its work; the bucket's bookkeeping is made before."""
    new_browser().put(match={"external_id": "somebody"})
    told = []
    for name in (full, "eve"):
        browser = new_browser()
        with watched(parts(app).store.engine) as statements:
            answer = browser.put(match=MATCHES["email"](name), **change)
        told.append((without_ids(answer), len(statements)))

    assert told[0] == told[1]


def test_sec_15_what_does_not_fit_pushes_nothing_out(
    client: FlaskClient, site: NewSite, new_browser: NewBrowser, full: str
) -> None:
    office = BackEnd(client, site)
    [before] = office.search(phone=FULL["phones"][0])
    fields = {
        "phones": {"add": ["+4930901899"]},
        "likes": {"add": ["more"]},
        "points": {"incr": 1},
        "debts": {"incr": -1},
    }
    new_browser().put(match=MATCHES["email"](full), fields=fields, tags={"add": ["more"]})

    [after] = office.search(phone=FULL["phones"][0])
    assert after["phones"] == before["phones"]
    assert after["tags"] == before["tags"]
    assert after["fields"]["likes"] == before["fields"]["likes"]
    assert (int(after["fields"]["points"]), int(after["fields"]["debts"])) == (MOST, -MOST)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"phones": {"add": ["+4930901899"]}}, "invalid_value"),
        ({"fields": {"likes": {"add": ["more"]}}}, "invalid_value"),
        ({"fields": {"debts": {"incr": -1}}}, "invalid_value"),
        ({"tags": {"add": ["more"]}}, "too_many_tags"),
    ],
)
def test_a_back_end_is_told_what_does_not_fit(
    client: FlaskClient, site: NewSite, full: str, change: Json, code: str
) -> None:
    office = BackEnd(client, site)
    [person] = office.search(email=f"{full}@example.com")

    assert refusal(office.call("PATCH", f"{office.profiles}/{person['id']}", change)) == (422, code)
