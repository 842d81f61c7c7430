"""Whom PushEngage's notifications reach: people, segments, places, devices; never everybody by omission."""

from typing import Any

import pytest
from flask import Flask

from sitebell.models import Quirk
from support.dialects import ask_for
from support.pushengage_office import CONTENT, PushEngageOffice
from support.visitors import link
from support.web_application import Json


@pytest.fixture
def ann(pushengage: PushEngageOffice) -> str:
    """A browser of somebody with the profile id ann, in the segments bread and news."""
    return pushengage.add_subscriber(match={"external_id": "ann"}, tags={"add": ["bread", "news"]})


@pytest.fixture
def ben(pushengage: PushEngageOffice) -> str:
    """A browser of somebody with the profile id ben, in the segment bread."""
    return pushengage.add_subscriber(match={"external_id": "ben"}, tags={"add": ["bread"]})


@pytest.fixture
def stranger(pushengage: PushEngageOffice) -> str:
    """A browser of nobody known, in no segment."""
    return pushengage.add_subscriber()


def refusal(pushengage: PushEngageOffice, **targets: Any) -> str:
    """Return the code with which a notification is refused."""
    status, answer = pushengage.post("/notifications", CONTENT, **targets)
    assert (status, answer["success"]) == (422, False)
    code: str = answer["error_code"]
    return code


def reached_by(
    pushengage: PushEngageOffice, names: dict[str, str], expected: list[tuple[Json, set[str]]]
) -> list[tuple[Json, set[str]]]:
    """Send to each of the targets; return them with the names of whom they reach."""
    return [(targets, {names[found] for found in pushengage.recipients(**targets)}) for targets, _ in expected]


def test_hashes_reach_their_subscribers_alone(pushengage: PushEngageOffice, ann: str, ben: str) -> None:
    assert pushengage.recipients(subscriber_hash=ann) == {ann}
    assert pushengage.recipients(subscriber_hash=[ann, ben]) == {ann, ben}


def test_a_profile_id_reaches_every_browser_that_has_it(pushengage: PushEngageOffice, ann: str, ben: str) -> None:
    second = pushengage.add_subscriber(match={"external_id": "ann"})

    assert pushengage.recipients(profile_id=["ann"]) == {ann, second}
    assert pushengage.recipients(profile_id=["ann"], subscriber_hash=ben) == {ann, second, ben}


@pytest.mark.usefixtures("stranger")
def test_segments_are_named_by_adopted_ids_or_names(pushengage: PushEngageOffice, ann: str, ben: str) -> None:
    names = {ann: "ann", ben: "ben"}
    expected: list[tuple[Json, set[str]]] = [
        ({"include_segments": ["bread"]}, {"ann", "ben"}),
        ({"include_segments": ["4711"]}, {"ann", "ben"}),
        ({"include_segments": ["news", "nobody's"]}, {"ann"}),
        ({"include_and_segments": ["news", "4711"]}, {"ann"}),
        ({"include_segments": ["bread"], "exclude_segments": ["news"]}, {"ben"}),
        ({"include_segments": ["bread"], "include_and_segments": ["news"]}, {"ann"}),
        ({"include_segments": ["nobody's"]}, set()),
    ]

    assert reached_by(pushengage, names, expected) == expected


def test_places_and_devices_narrow_each_other(pushengage: PushEngageOffice, ann: str, ben: str, stranger: str) -> None:
    pushengage.describe_browser(ann, country="DE", browser="Chrome", platform="Android")
    pushengage.describe_browser(ben, country="AT", browser="Firefox", platform="Linux")
    pushengage.describe_browser(stranger, country=None, browser=None, platform=None)
    [profile_id] = pushengage.standings(ann)
    pushengage.ask("PATCH", f"{pushengage.profiles}/{profile_id}", {"fields": {"_city": "Berlin", "_region": "Berlin"}})
    names = {ann: "ann", ben: "ben", stranger: "stranger"}
    expected: list[tuple[Json, set[str]]] = [
        ({"include_countries": ["de"]}, {"ann"}),
        ({"include_countries": ["DE", "AT"]}, {"ann", "ben"}),
        ({"include_browsers": ["chrome"]}, {"ann"}),
        ({"include_browsers": ["Firefox", "safari"]}, {"ben"}),
        ({"include_device_types": ["mobile"]}, {"ann"}),
        ({"include_device_types": ["desktop"]}, {"ben", "stranger"}),
        ({"include_device_types": ["desktop", "mobile"]}, {"ann", "ben", "stranger"}),
        ({"include_countries": ["AT"], "include_device_types": ["mobile"]}, set()),
        ({"include_segments": ["bread"], "include_device_types": ["desktop"]}, {"ben"}),
        ({"include_cities": ["Berlin", "Bonn"]}, {"ann"}),
        ({"include_states": ["Berlin"]}, {"ann"}),
    ]

    assert reached_by(pushengage, names, expected) == expected


@pytest.mark.parametrize("targets", [{}, {"exclude_segments": ["news"]}])
@pytest.mark.parametrize("kind", ["now", "draft"])
def test_nobody_named_is_refused_and_not_everybody(
    pushengage: PushEngageOffice, stranger: str, targets: Json, kind: str
) -> None:
    assert stranger
    assert refusal(pushengage, notification_type=kind, **targets) == "empty_audience"
    assert pushengage.get("/notifications")[1]["count"] == 0


def test_the_quirk_makes_nobody_named_mean_everybody(
    app: Flask, pushengage: PushEngageOffice, ann: str, ben: str, stranger: str
) -> None:
    ask_for(app, pushengage.site, Quirk.PUSHENGAGE_SEND_UNTARGETED)

    assert pushengage.recipients() == {ann, ben, stranger}
    assert pushengage.recipients(exclude_segments=["news"]) == {ben, stranger}


@pytest.mark.parametrize("name", ["subscriber_hash", "profile_id", "include_segments", "include_countries"])
def test_a_target_that_is_empty_is_refused_even_with_the_quirk(
    app: Flask, pushengage: PushEngageOffice, stranger: str, name: str
) -> None:
    """A back end whose list turned out empty did not ask for everybody."""
    assert stranger
    ask_for(app, pushengage.site, Quirk.PUSHENGAGE_SEND_UNTARGETED)

    assert refusal(pushengage, **{name: [""]}) == "invalid"
    assert refusal(pushengage, **{name: ""}) == "invalid"
    empty = pushengage.client.post("/apiv1/notifications", json=CONTENT | {name: []}, headers=pushengage.vendor_headers)
    assert empty.status_code == 422


def test_hashes_of_the_vendor_alone_are_refused_even_with_the_quirk(app: Flask, pushengage: PushEngageOffice) -> None:
    """A back end may have stored them for years."""
    ask_for(app, pushengage.site, Quirk.PUSHENGAGE_SEND_UNTARGETED)

    assert refusal(pushengage, subscriber_hash="a-hash-of-theirs") == "empty_audience"


def test_a_hash_of_the_vendor_among_ours_is_nobody(pushengage: PushEngageOffice, ann: str) -> None:
    assert pushengage.recipients(subscriber_hash=["a-hash-of-theirs", ann]) == {ann}


def test_people_and_conditions_in_one_notification_are_refused(pushengage: PushEngageOffice, ann: str) -> None:
    """The vendor does not say which of them counts."""
    assert refusal(pushengage, subscriber_hash=ann, include_segments=["bread"]) == "invalid_audience"


@pytest.mark.parametrize("name", ["include_segments", "include_and_segments", "exclude_segments"])
def test_a_number_that_is_no_adopted_segment_is_refused(pushengage: PushEngageOffice, ann: str, name: str) -> None:
    targets: Json = {"include_segments": ["bread"]} | {name: ["4712"]}

    assert ann
    assert refusal(pushengage, **targets) == "unknown_segment"


def test_sec_38_another_sites_subscriber_and_profile_are_out_of_reach(
    pushengage: PushEngageOffice, other_office: PushEngageOffice
) -> None:
    theirs = other_office.add_subscriber(match={"external_id": "ann"})

    assert pushengage.recipients(subscriber_hash=theirs) == set()
    assert pushengage.recipients(profile_id="ann") == set()
    assert pushengage.post("/subscribers/check", {"subscriber_hash": theirs})[1]["success"] is False
    assert (
        pushengage.post("/segments/addSegmentWithHash", {"segment_id": "bread", "subscriber_hash": [theirs]})[0] == 404
    )
    assert pushengage.post("/profile", {"segment_name": "bread", "profile_id": ["ann"], "operation": "add"})[0] == 404


def test_sec_38_in_a_shared_database_too_another_sites_subscriber_cannot_be_put_into_a_segment(
    app: Flask, pushengage: PushEngageOffice, other_office: PushEngageOffice
) -> None:
    link(app, other_office.site, pushengage.site.database_id)
    theirs = other_office.add_subscriber()

    assert pushengage.post("/segments/addSegmentWithHash", {"segment_id": "x", "subscriber_hash": [theirs]})[0] == 404
    assert other_office.ask("POST", "/v1/audiences/preview", {"audience": {"tags": ["x"]}})["count"] == 0
