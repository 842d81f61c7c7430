"""The fields of a database, over HTTP."""

from typing import Any

import pytest
from flask import Flask

from support.back_end import BackEnd
from support.web_application import refusal, stored_rows

pytestmark = pytest.mark.shared_app


def test_a_database_begins_with_the_standard_fields(office: BackEnd) -> None:
    fields = office.ask("GET", f"{office.database}/fields")["fields"]

    assert {"name": "_bdate", "type": "date", "is_standard": True, "is_open": False} in fields
    assert all(field["is_standard"] for field in fields)


def test_a_defined_field_is_listed_and_can_be_written(office: BackEnd) -> None:
    made = office.call("POST", f"{office.database}/fields", {"name": "plan", "type": "text", "is_open": True})
    profile_id = office.add_profile(fields={"plan": "gold"})

    assert (made.status_code, made.json) == (
        201,
        {"name": "plan", "type": "text", "is_standard": False, "is_open": True},
    )
    assert office.ask("GET", f"{office.database}/fields")["fields"][-1] == made.json
    assert office.read_profile(profile_id)["fields"] == {"plan": "gold"}


@pytest.mark.parametrize("name", ["email", "1st", "with space", "ä", "tags", "_", "a-b"])
def test_a_name_that_cannot_be_used_is_refused(app: Flask, office: BackEnd, name: str) -> None:
    before = stored_rows(app)

    assert refusal(office.call("POST", f"{office.database}/fields", {"name": name, "type": "text"})) == (
        422,
        "invalid_field",
    )
    assert stored_rows(app) == before


def test_a_second_field_of_the_name_is_a_conflict(office: BackEnd) -> None:
    office.ask("POST", f"{office.database}/fields", {"name": "plan", "type": "text"})

    assert refusal(office.call("POST", f"{office.database}/fields", {"name": "plan", "type": "date"})) == (
        409,
        "field_exists",
    )


@pytest.mark.parametrize("body", [{"name": "plan"}, {"name": "plan", "type": "json"}, {"name": 1, "type": "text"}, []])
def test_a_field_without_name_or_type_is_refused(office: BackEnd, body: Any) -> None:
    assert refusal(office.call("POST", f"{office.database}/fields", body)) == (422, "invalid")
