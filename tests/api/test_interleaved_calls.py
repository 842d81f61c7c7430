"""One call comes in the middle of another: none fails, and the end is as if they had come one after the other."""

from collections.abc import Callable

import pytest
from flask import Flask

from support.back_end import BackEnd
from support.interleaving import Meanwhile, interleave
from support.stopped_clock import StoppedClock
from support.visitors import Browser, known_of, places, profile_ids
from support.web_application import Json, parts, refusal

pytestmark = pytest.mark.databases("postgresql")  # SQLite has one writer at a time


def test_who_is_given_another_address_while_somebody_looks_for_the_old_one_is_not_found(
    app: Flask, office: BackEnd, browser: Browser, meanwhile: Meanwhile
) -> None:
    """A profile is locked after it was found, and so it is looked at again."""
    ann = office.add_profile(email="ann@example.com")

    joined, changed = interleave(
        parts(app).store.engine,
        lambda: browser.put(match={"email": "ann@example.com"}),
        lambda: meanwhile("PATCH", f"{office.profiles}/{ann}", {"email": "new@example.com"}),
        after=r"FROM profile\s+WHERE.*profile\.email = ",
    )

    [found] = profile_ids(joined)
    assert changed.status_code == 200
    assert found != ann
    assert (known_of(app, found)["email"], known_of(app, ann)["email"]) == ("ann@example.com", "new@example.com")


def test_an_anonymous_profile_that_gets_a_name_during_a_logout_is_not_emptied(
    app: Flask, office: BackEnd, browser: Browser, meanwhile: Meanwhile
) -> None:
    [nobody] = profile_ids(browser.put(fields={"_fname": "Eve"}))
    browser.identify("ann")

    left, _ = interleave(
        parts(app).store.engine,
        lambda: browser.post("logout"),
        lambda: meanwhile("PATCH", f"{office.profiles}/{nobody}", {"external_id": "eve"}),
        after=r"FROM enrollment\s+WHERE.*NOT \(EXISTS.*ORDER BY enrollment\.id",
    )

    assert profile_ids(left) != [nobody]
    assert known_of(app, nobody) == {"external_id": "eve", "_fname": "Eve"}


@pytest.mark.parametrize("end", ["erase", "merge"])
def test_a_browser_is_not_attached_to_a_profile_that_ends_meanwhile(
    app: Flask, office: BackEnd, meanwhile: Meanwhile, end: str
) -> None:
    ann, other = office.add_profile(external_id="ann"), office.add_profile(external_id="ben")
    browser = office.add_subscriber()
    ends: dict[str, tuple[str, str, Json | None]] = {
        "erase": ("DELETE", f"{office.profiles}/{ann}", None),
        "merge": ("POST", f"{office.profiles}/{other}/merge", {"from": ann}),
    }

    attached, ended = interleave(
        parts(app).store.engine,
        lambda: office.call("PUT", f"{office.profiles}/{ann}/subscriptions/{browser}", {}),
        lambda: meanwhile(*ends[end]),
        after=r"FROM profile\s+WHERE.*profile\.public_id = ",
    )

    assert ended.status_code == 200
    assert refusal(attached) == (404, "profile_not_found")
    assert ann not in office.standings(browser)


def test_sec_16_a_browser_that_is_just_being_paused_is_not_pushed_out_by_a_newer_one(
    app: Flask, new_browser: Callable[[], Browser], clock: StoppedClock
) -> None:
    """Its enrollment is not ours to change while it speaks: the pause would become one that anybody's match lifts."""
    oldest = new_browser()
    [ann] = profile_ids(oldest.put(match={"external_id": "ann"}))
    for _ in range(19):
        clock.advance(seconds=1)
        new_browser().put(match={"external_id": "ann"})
    newest = Browser(app.test_client(), oldest.page)

    interleave(
        parts(app).store.engine,
        lambda: oldest.post("pause"),
        lambda: newest.put(match={"external_id": "ann"}),
        after="UPDATE enrollment SET status=.*suspended_until=",
    )

    assert oldest.statuses() == ["suspended"]
    assert oldest.profile_id() == ann
    assert places(app, [ann])
