"""Altcraft's push_subscribe beyond its documented samples: whom a device belongs to, and one row for each outcome."""

from collections.abc import Callable

import pytest
from flask import Flask

from compat.altcraft_site import DEVICE, Ask, custom, statuses
from sitebell.models import BoundBy, Enrollment, Profile, Subscription
from sitebell.services.sites import NewSite
from support.back_end import BackEnd
from support.visitors import add_database, add_fields
from support.web_application import Json, rows

WRITTEN = {"db_id", "description", "profile_id", "provider", "resource_id", "status"} | {
    "subscription_hash_id",
    "subscription_id",
    "unsubscribe",
}


def test_a_profile_that_is_not_found_is_made_with_the_value_that_it_was_looked_for_by(
    push_subscribe: Ask, office: BackEnd
) -> None:
    [row] = push_subscribe(**custom(123))["data"]

    assert set(row) == WRITTEN
    assert office.read_profile(row["profile_id"])["fields"]["CustomNumber1"] == 123


def test_a_value_keeps_its_json_type(push_subscribe: Ask) -> None:
    answer = push_subscribe(**custom("123"))

    assert answer["error"] == 200
    assert [row["description"] for row in answer["data"]] == ["matching error: invalid value"]


@pytest.mark.parametrize(("field", "value"), [("email", "ann@example.com"), ("phones", "+4930901820")])
def test_email_and_phones_are_fields_of_the_database_to_match_by(
    push_subscribe: Ask, office: BackEnd, field: str, value: str
) -> None:
    by_field = {"matching": "custom", "field_name": field, "field_value": value}

    [row] = push_subscribe(**by_field)["data"]

    assert office.read_profile(row["profile_id"])[field] in (value, [value])
    other = {"provider": "ios-apns", "subscription_id": "device-2"}
    assert [row["profile_id"]] == [
        row["profile_id"] for row in push_subscribe(**by_field, subscriptions=[other])["data"]
    ]
    [left] = push_subscribe(**by_field, subscriptions=[{**DEVICE, "unsubscribe": True}])["data"]
    assert (left["profile_id"], left["status"], left["unsubscribe"]) == (row["profile_id"], "ok", True)


@pytest.mark.parametrize(("field", "value"), [("email", "nobody"), ("email", 5), ("phones", "0309018"), ("phones", [])])
@pytest.mark.parametrize("ends", [False, True])
def test_what_is_no_address_or_number_is_an_error_of_its_row(
    push_subscribe: Ask, field: str, value: object, *, ends: bool
) -> None:
    device = {**DEVICE, "unsubscribe": ends}

    answer = push_subscribe(matching="custom", field_name=field, field_value=value, subscriptions=[device])

    assert [row["description"] for row in answer["data"]] == ["matching error: invalid value"]


def test_each_database_and_each_device_has_a_row(app: Flask, push_subscribe: Ask, altcraft: NewSite) -> None:
    more = add_database(app, altcraft)
    other = {"provider": "ios-apns", "subscription_id": "device-2"}

    answer = push_subscribe(subscriptions=[DEVICE, other])

    assert answer["error"] == 0
    assert {(row["db_id"], row["provider"], row["subscription_id"]) for row in answer["data"]} == {
        (database_id, device["provider"], device["subscription_id"])
        for database_id in (altcraft.database_id, more)
        for device in (DEVICE, other)
    }


def test_a_database_of_others_is_an_error_of_its_row_alone(push_subscribe: Ask, altcraft: NewSite) -> None:
    answer = push_subscribe(db_ids=[altcraft.database_id, 4711])

    assert answer["error"] == 200
    assert [(row["db_id"], row["status"], row["description"]) for row in answer["data"]] == [
        (altcraft.database_id, "ok", ""),
        (4711, "error", "unknown database"),
    ]


def test_a_device_that_comes_twice_in_a_call_is_a_duplicate(push_subscribe: Ask) -> None:
    answer = push_subscribe(subscriptions=[DEVICE, DEVICE])

    assert answer["error"] == 200
    assert [row["description"] for row in answer["data"]] == ["", "Duplicate push subscription"]


def test_an_unknown_provider_is_an_error_of_its_row_alone(app: Flask, push_subscribe: Ask) -> None:
    answer = push_subscribe(subscriptions=[DEVICE, {"provider": "pigeon", "subscription_id": "x"}])

    assert [row["description"] for row in answer["data"]] == ["", "unknown provider"]
    assert [row.address for row in rows(app, Subscription)] == ["device-1"]


def test_matching_by_profile_id_never_invents_a_profile(app: Flask, push_subscribe: Ask) -> None:
    answer = push_subscribe(matching="profile_id", id="59db33d269d426509e9c4bf9")

    assert answer["error"] == 200
    assert [row["description"] for row in answer["data"]] == ["matching error: profile not found"]
    assert rows(app, Profile) == []


def test_without_matching_an_id_that_nobody_has_falls_back_to_the_device(push_subscribe: Ask) -> None:
    [first] = push_subscribe()["data"]

    [row] = push_subscribe(id="59db33d269d426509e9c4bf9")["data"]

    assert row["profile_id"] == first["profile_id"]
    assert "subscription_id" not in row


def test_an_id_is_found_in_the_database_that_has_it_and_nowhere_else(
    app: Flask, push_subscribe: Ask, altcraft: NewSite, office: BackEnd
) -> None:
    more = add_database(app, altcraft)
    ann = office.add_profile(external_id="ann")

    by_database = {row["db_id"]: row["profile_id"] for row in push_subscribe(id=ann)["data"]}

    assert by_database[altcraft.database_id] == ann
    assert by_database[more] != ann


def test_a_device_moves_to_the_person_that_is_named_now(app: Flask, push_subscribe: Ask) -> None:
    [ann] = push_subscribe(**custom(1))["data"]
    [ben] = push_subscribe(**custom(2))["data"]

    assert ann["profile_id"] != ben["profile_id"]
    assert ann["subscription_hash_id"] == ben["subscription_hash_id"]
    assert statuses(app) == [(ben["profile_id"], "subscribed")]


def test_a_call_for_one_database_leaves_the_others_alone(app: Flask, push_subscribe: Ask, altcraft: NewSite) -> None:
    more = add_database(app, altcraft)
    add_fields(app, more, CustomNumber1="integer")
    push_subscribe(**custom(1))

    push_subscribe(**custom(2), db_ids=[more])

    assert [status for _, status in statuses(app)] == ["subscribed", "subscribed"]


@pytest.mark.parametrize("ends_first", [False, True])
def test_an_app_gets_past_no_operators_suspension_by_ending_its_subscription(
    app: Flask, push_subscribe: Ask, office: BackEnd, *, ends_first: bool
) -> None:
    [device] = push_subscribe()["data"]
    suspended = f"/v1/subscribers/{device['subscription_hash_id']}"
    steps: list[Callable[[], Json]] = [
        lambda: office.ask("POST", f"{suspended}/suspend"),
        lambda: push_subscribe(subscriptions=[{**DEVICE, "unsubscribe": True}]),
    ]
    for step in reversed(steps) if ends_first else steps:
        step()

    push_subscribe()
    assert [status for _, status in statuses(app)] == ["suspended"]
    office.ask("POST", f"{suspended}/resume")
    assert [status for _, status in statuses(app)] == ["subscribed"]


def test_what_the_vendor_may_send_besides_is_passed_over(push_subscribe: Ask) -> None:
    assert push_subscribe(subscriptions=[{**DEVICE, "priority": 0}], skip_triggers=True)["error"] == 0


def test_an_app_speaks_by_an_open_word(app: Flask, push_subscribe: Ask) -> None:
    push_subscribe(**custom(1))

    assert [row.bound_by for row in rows(app, Enrollment)] == [BoundBy.OPEN]
