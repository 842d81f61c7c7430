"""Profiles over HTTP: made, read, changed. Operations on fields are tested where pages write them."""

import threading
from typing import Any

import pytest
from flask import Flask

from support.back_end import BackEnd
from support.stopped_clock import StoppedClock
from support.web_application import new_subscription, refusal, stored_rows

pytestmark = pytest.mark.shared_app

WHOLE = {
    "external_id": "customer-42",
    "email": "Ann@Example.com",
    "phones": ["+49 30 901820", "+1 202 555 0123"],
    "fields": {"_fname": "Ann", "_bdate": "1990-05-31", "_regdate": "2026-01-01T00:00:00Z"},
    "tags": ["vip", "early"],
}


def test_a_profile_is_made_and_read_as_it_is_stored(office: BackEnd, clock: StoppedClock) -> None:
    made = office.call("POST", office.profiles, WHOLE)

    assert made.status_code == 201
    shown = dict(made.json or {})
    moment = clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert len(shown.pop("id")) == 24
    assert shown == {
        "database_id": office.site.database_id,
        "external_id": "customer-42",
        "email": "ann@example.com",
        "phones": ["+4930901820", "+12025550123"],
        "fields": WHOLE["fields"],
        "tags": ["early", "vip"],
        "created_at": moment,
        "updated_at": moment,
    }
    assert made.json is not None
    assert office.read_profile(made.json["id"]) == made.json


def test_a_patch_changes_what_it_names_and_nothing_else(office: BackEnd, clock: StoppedClock) -> None:
    profile_id = office.add_profile(**WHOLE)
    before = office.read_profile(profile_id)
    clock.advance(hours=1)

    changes = {"fields": {"_city": "Berlin", "_fname": None}, "tags": {"add": ["new"], "remove": ["vip"]}}
    after = office.ask("PATCH", f"{office.profiles}/{profile_id}", changes)

    assert after.pop("updated_at") > before.pop("updated_at")
    expected = {"_bdate": "1990-05-31", "_regdate": "2026-01-01T00:00:00Z", "_city": "Berlin"}
    assert after == before | {"fields": expected, "tags": ["early", "new"]}


@pytest.mark.parametrize(
    ("changes", "member", "value"),
    [
        ({"external_id": None}, "external_id", None),
        ({"external_id": "other"}, "external_id", "other"),
        ({"email": None}, "email", None),
        ({"email": "BEN@example.com"}, "email", "ben@example.com"),
        ({"phones": None}, "phones", []),
        ({"phones": {"add": ["+44 20 7946 0000"]}}, "phones", ["+4930901820", "+12025550123", "+442079460000"]),
        ({"phones": {"delete": ["+4930901820"]}}, "phones", ["+12025550123"]),
    ],
)
def test_what_identifies_a_person_can_be_changed_and_taken_away(
    office: BackEnd, changes: dict[str, Any], member: str, value: Any
) -> None:
    profile_id = office.add_profile(**WHOLE)
    before = office.read_profile(profile_id)

    assert office.ask("PATCH", f"{office.profiles}/{profile_id}", changes) == before | {member: value}


def test_an_external_id_belongs_to_one_profile(app: Flask, office: BackEnd) -> None:
    office.add_profile(external_id="a")
    other = office.add_profile(external_id="b")
    before = stored_rows(app)

    assert refusal(office.call("POST", office.profiles, {"external_id": "a"})) == (409, "external_id_taken")
    again = office.call("PATCH", f"{office.profiles}/{other}", {"external_id": "a", "fields": {"_city": "Berlin"}})
    assert refusal(again) == (409, "external_id_taken")
    assert stored_rows(app) == before
    assert office.ask("PATCH", f"{office.profiles}/{other}", {"external_id": "b"})["external_id"] == "b"


def test_several_profiles_may_have_the_same_address(office: BackEnd) -> None:
    ids = {office.add_profile(email="family@example.com", phones=["+4930901820"]) for _ in range(2)}

    assert len(ids) == 2


@pytest.mark.parametrize(
    ("email", "reason"),
    [("nobody", "@"), ("ann@", "after the @"), ("ann b@example.com", "SPACE"), (f"ann@{'x' * 64}", "many")],
)
def test_a_refused_address_is_told_why(office: BackEnd, email: str, reason: str) -> None:
    answer = office.call("POST", office.profiles, {"email": email})

    assert refusal(answer) == (422, "invalid_email")
    assert reason in answer.get_json()["error"]["message"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"fields": {"unheard": 1}}, "unknown_field"),
        ({"fields": {"_bdate": "yesterday"}}, "invalid_value"),
        ({"fields": {"_fname": {"incr": 1}}}, "invalid_operation"),
        ({"email": "nobody"}, "invalid_email"),
        ({"phones": ["110"]}, "invalid_phone"),
        ({"phones": {"incr": 1}}, "invalid_operation"),
        ({"fields": {"email": "ann@example.com"}}, "invalid"),
        ({"external_id": ""}, "invalid"),
        ({"external_id": 42}, "invalid"),
        ({"externalId": "42"}, "invalid"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_is_written(
    app: Flask, office: BackEnd, values: dict[str, Any], code: str
) -> None:
    profile_id = office.add_profile(external_id="known")
    sound: dict[str, Any] = {"external_id": "new", "fields": {"_city": "Berlin"}}
    before = stored_rows(app)

    for method, path in (("POST", office.profiles), ("PATCH", f"{office.profiles}/{profile_id}")):
        body = sound | values | {"fields": sound["fields"] | values.get("fields", {})}
        assert refusal(office.call(method, path, body)) == (422, code)
    assert stored_rows(app) == before


@pytest.mark.parametrize("tags", [[" vip"], ["new\nline"], [""], ["x" * 101], 1, [1]])
def test_a_tag_that_cannot_be_stored_is_refused(office: BackEnd, tags: Any) -> None:
    status, code = refusal(office.call("POST", office.profiles, {"tags": tags}))

    assert (status, code in ("invalid", "invalid_tag")) == (422, True)


@pytest.mark.parametrize("unknown", ["0" * 24, "1", "%00", "A" * 24, "0" * 25])
def test_an_unknown_profile_is_not_found(office: BackEnd, unknown: str) -> None:
    path = f"{office.profiles}/{unknown}"

    for method, body in (("GET", None), ("PATCH", {})):
        assert refusal(office.call(method, path, body)) == (404, "profile_not_found")


def test_an_anonymous_profile_that_gets_a_name_is_left_at_a_logout(office: BackEnd) -> None:
    """Else the next visitor of a shared browser would go on under that name."""
    known = new_subscription()
    browser = office.subscribe(known)
    profile_id = browser["enrollments"][0]["profile_id"]

    office.ask("PATCH", f"{office.profiles}/{profile_id}", {"external_id": "ann"})
    assert profile_id in office.standings(browser["subscriber_hash"])
    logout = f"/v1/sites/{office.site.site.token}/subscription/logout"
    assert office.client.post(logout, json={"subscription": known}).status_code == 200

    assert profile_id not in office.standings(browser["subscriber_hash"])


def test_ten_threads_that_make_one_external_id_make_one_profile(app: Flask, office: BackEnd) -> None:
    """Some through a page, some through the API: both find or make under the same lock."""
    statuses: list[int] = []

    def make(number: int) -> None:
        own = BackEnd(app.test_client(), office.site)
        if number % 2:
            statuses.append(own.call("POST", own.profiles, {"external_id": "ann"}).status_code)
        else:
            own.subscribe(match={"external_id": "ann"})

    threads = [threading.Thread(target=make, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(office.search(external_id="ann")) == 1
    assert set(statuses) <= {201, 409}
    assert len(statuses) == 5
    assert statuses.count(201) <= 1
