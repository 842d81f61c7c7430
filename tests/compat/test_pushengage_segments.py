"""PushEngage's check, its two ways into a segment, and segments that are left by themselves."""

import pytest
from flask import Flask
from sqlalchemy import select

from sitebell.models import ProfileTag
from support.chores import prune
from support.pushengage_office import PushEngageOffice
from support.stopped_clock import StoppedClock
from support.visitors import Browser
from support.web_application import Json, parts

BY_HASH, BY_PROFILE = "/segments/addSegmentWithHash", "/profile"


def tags_at(pushengage: PushEngageOffice, subscriber_hash: str) -> list[str]:
    """Return the tags of the one profile at which a subscriber is."""
    [profile_id] = pushengage.standings(subscriber_hash)
    tags: list[str] = pushengage.read_profile(profile_id)["tags"]
    return tags


def test_an_active_subscriber_is_a_success_and_another_is_none(pushengage: PushEngageOffice, browser: Browser) -> None:
    active = browser.put()["subscriber_hash"]
    assert pushengage.post("/subscribers/check", {"subscriber_hash": active}) == (200, {"success": True})

    browser.post("unsubscribe")

    status, answer = pushengage.post("/subscribers/check", {"subscriber_hash": active})
    assert (status, answer["success"], set(answer)) == (200, False, {"success", "message"})
    assert pushengage.post("/subscribers/check", {"subscriber_hash": "a-hash-of-theirs"})[1]["success"] is False


@pytest.mark.parametrize(("segment", "tag"), [("4711", "bread"), ("news", "news")])
def test_subscribers_are_put_into_a_segment_by_its_id_or_name(
    pushengage: PushEngageOffice, segment: str, tag: str
) -> None:
    hashes = [pushengage.add_subscriber(), pushengage.add_subscriber(match={"external_id": "ann"})]

    status, answer = pushengage.post(BY_HASH, {"segment_id": segment, "subscriber_hash": hashes})

    assert (status, answer["success"]) == (200, True)
    assert [tags_at(pushengage, one) for one in hashes] == [[tag], [tag]]
    assert pushengage.post(BY_HASH, {"segment_id": segment, "subscriber_hash": hashes})[0] == 200
    assert pushengage.recipients(include_segments=[segment]) == set(hashes)


def test_at_most_500_subscribers_are_taken(pushengage: PushEngageOffice) -> None:
    known = pushengage.add_subscriber()
    others = [f"{number:032x}" for number in range(499)]

    assert pushengage.post(BY_HASH, {"segment_id": "bread", "subscriber_hash": [known, *others]})[0] == 200
    status, answer = pushengage.post(BY_HASH, {"segment_id": "news", "subscriber_hash": [known, *others, "one more"]})

    assert (status, list(answer["details"])) == (422, ["subscriber_hash"])
    assert tags_at(pushengage, known) == ["bread"]


def test_an_unknown_number_is_no_segment(pushengage: PushEngageOffice) -> None:
    answer = pushengage.post(BY_HASH, {"segment_id": "4712", "subscriber_hash": [pushengage.add_subscriber()]})

    assert (answer[0], answer[1]["error_code"]) == (422, "unknown_segment")


def test_a_name_may_be_a_number(pushengage: PushEngageOffice) -> None:
    browser = pushengage.add_subscriber(match={"external_id": "ann"})
    meant = {"profile_id": ["ann"], "operation": "add"}

    for name in ("2024", "4711"):
        assert pushengage.post("/profile", {"segment_name": name, **meant})[0] == 200

    assert tags_at(pushengage, browser) == ["2024", "bread"]  # 4711 was adopted


def test_people_are_put_into_a_segment_and_taken_out(pushengage: PushEngageOffice) -> None:
    browsers = [pushengage.add_subscriber(match={"external_id": name}) for name in ("ann", "ann", "ben", "eve")]
    meant = {"segment_name": "bread", "profile_id": ["ann", "ben", "nobody"]}

    assert pushengage.post(BY_PROFILE, meant | {"operation": "add"})[1]["success"] is True
    assert pushengage.recipients(include_segments=["bread"]) == set(browsers[:3])

    assert pushengage.post(BY_PROFILE, meant | {"operation": "delete", "profile_id": "ann"})[1]["success"] is True
    assert pushengage.recipients(include_segments=["bread"]) == {browsers[2]}


def test_one_profile_with_a_hundred_tags_keeps_all_from_the_next(pushengage: PushEngageOffice) -> None:
    full = pushengage.add_subscriber(tags={"add": [f"tag {number:03}" for number in range(100)]})
    other = pushengage.add_subscriber()

    answer = pushengage.post(BY_HASH, {"segment_id": "bread", "subscriber_hash": [full, other]})

    assert (answer[0], answer[1]["error_code"]) == (422, "too_many_tags")
    assert tags_at(pushengage, other) == []
    assert pushengage.post(BY_HASH, {"segment_id": "tag 007", "subscriber_hash": [full]})[0] == 200


# Dynamic segments: tags that come off by themselves


def with_days(*tags: tuple[str, int]) -> Json:
    """Return what a page says to put tags on for some days."""
    return {"add": [{"name": name, "days": days} for name, days in tags]}


def test_a_dynamic_segment_is_left_when_its_days_are_over(
    pushengage: PushEngageOffice, browser: Browser, clock: StoppedClock
) -> None:
    member = browser.put(tags=with_days(("trial", 7), ("season", 30)))["subscriber_hash"]
    assert pushengage.recipients(include_segments=["trial"]) == {member}

    clock.advance(days=7)

    assert pushengage.recipients(include_segments=["trial"]) == set()
    assert pushengage.reached({"tags": ["trial"]}) == set()
    assert pushengage.reached({"tags": ["season"]}) == {member}
    assert tags_at(pushengage, member) == ["season"]


def test_the_later_of_two_ends_counts_and_no_end_is_later_than_any(
    pushengage: PushEngageOffice, browser: Browser, clock: StoppedClock
) -> None:
    member = browser.put(tags=with_days(("longer", 3), ("shorter", 30), ("for good", 3), ("lasting", 3)))
    browser.refresh(tags={"add": ["for good"]})
    browser.refresh(tags=with_days(("longer", 9), ("shorter", 1), ("for good", 1)))
    browser.refresh(tags={"add": ["lasting", {"name": "lasting", "days": 1}]})

    clock.advance(days=8)
    assert tags_at(pushengage, member["subscriber_hash"]) == ["for good", "lasting", "longer", "shorter"]

    clock.advance(days=40)
    assert tags_at(pushengage, member["subscriber_hash"]) == ["for good", "lasting"]


def test_a_tag_that_came_off_can_be_put_on_again(
    pushengage: PushEngageOffice, browser: Browser, clock: StoppedClock
) -> None:
    member = browser.put(tags=with_days(("trial", 1)))["subscriber_hash"]
    clock.advance(days=2)

    browser.refresh(tags=with_days(("trial", 1)))

    assert tags_at(pushengage, member) == ["trial"]


def test_tags_that_came_off_take_no_place(pushengage: PushEngageOffice, browser: Browser, clock: StoppedClock) -> None:
    hundred = [(f"tag {number:03}", 1) for number in range(100)]
    member = browser.put(tags=with_days(*hundred))["subscriber_hash"]
    clock.advance(days=2)

    assert pushengage.post(BY_HASH, {"segment_id": "bread", "subscriber_hash": [member]})[0] == 200
    assert tags_at(pushengage, member) == ["bread"]


def test_a_segment_by_the_back_end_lasts(pushengage: PushEngageOffice, browser: Browser, clock: StoppedClock) -> None:
    member = browser.put(tags=with_days(("bread", 1)))["subscriber_hash"]
    pushengage.post(BY_HASH, {"segment_id": "4711", "subscriber_hash": [member]})

    clock.advance(days=2)

    assert pushengage.recipients(include_segments=["4711"]) == {member}


def test_a_merge_keeps_the_later_end(pushengage: PushEngageOffice, browser: Browser, clock: StoppedClock) -> None:
    target = pushengage.add_profile(external_id="ann", tags=["for good"])
    tags = with_days(("trial", 5), ("for good", 5))
    browser.put(match={"external_id": "ben"}, tags=tags)

    merged = pushengage.ask("POST", f"{pushengage.profiles}/{target}/merge", {"from": browser.profile_id()})

    assert merged["tags"] == ["for good", "trial"]
    clock.advance(days=6)
    assert pushengage.read_profile(target)["tags"] == ["for good"]


@pytest.mark.parametrize(
    "tag",
    [
        {"name": "x"},
        {"days": 3},
        {"name": "x", "days": 0},
        {"name": "x", "days": 3651},
        {"name": "x", "days": "3"},
        {"name": "", "days": 3},
        {"name": "x", "days": 3, "why": 1},
        7,
        None,
    ],
)
def test_a_lapsing_tag_has_a_name_and_days(browser: Browser, tag: object) -> None:
    body = {"subscription": browser.subscription, "tags": {"add": [tag]}}

    assert browser.client.put(f"{browser.page}/subscription", json=body).status_code == 422


def test_what_came_off_is_forgotten_by_retention(
    app: Flask, pushengage: PushEngageOffice, browser: Browser, clock: StoppedClock
) -> None:
    member = browser.put(tags=with_days(*[(f"tag {number}", 1) for number in range(3)]))["subscriber_hash"]
    browser.refresh(tags={"add": ["bread"]})
    clock.advance(days=2)

    prune(parts(app).store, clock())

    with parts(app).store.reading() as session:
        assert list(session.scalars(select(ProfileTag.tag))) == ["bread"]
    assert tags_at(pushengage, member) == ["bread"]
