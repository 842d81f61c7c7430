"""A `where` that cannot be meant is refused when the message is created, and nothing is stored."""

from typing import Any

import pytest
from flask import Flask

from support.shop import Shop
from support.visitors import add_fields
from support.web_application import Json, refusal, stored_rows

pytestmark = pytest.mark.shared_app
once = pytest.mark.databases("sqlite")  # what is decided before a database is asked

IS_ANN = {"field": "_fname", "op": "eq", "value": "Ann"}


@pytest.fixture
def shop(app: Flask, shop: Shop) -> Shop:
    """A site with a field of each kind in its database, and with one topic."""
    kinds = {"n": "integer", "d": "decimal", "b": "boolean", "day": "date", "at": "datetime", "l": "list"}
    add_fields(app, shop.database_id, **kinds)
    shop.offer("news")
    return shop


def nested(levels: int) -> Json:
    """Return a tree of so many levels, the comparison included."""
    tree: Json = IS_ANN
    for _ in range(levels - 1):
        tree = {"not": tree}
    return tree


SHAPES: list[tuple[Any, str]] = [
    ("everybody", "invalid"),
    ([IS_ANN], "invalid"),
    (None, "invalid"),
    ({}, "empty_audience"),
    ({"all": []}, "invalid_where"),
    ({"any": []}, "invalid_where"),
    ({"not": []}, "invalid_where"),
    ({"not": None}, "invalid_where"),
    ({"none": [IS_ANN]}, "invalid_where"),
    ({"all": IS_ANN}, "invalid_where"),
    ({"all": [IS_ANN], "any": [IS_ANN]}, "invalid_where"),
    ({"all": [IS_ANN, {}]}, "invalid_where"),
    ({"all": [IS_ANN, {"any": []}]}, "invalid_where"),
    ({**IS_ANN, "all": [IS_ANN]}, "invalid_where"),
    ({**IS_ANN, "case": "lower"}, "invalid_where"),
    ({"field": "_fname", "value": "Ann"}, "invalid_where"),
    ({"field": "_fname", "op": "eq"}, "invalid_where"),
    ({"field": "_fname", "op": "eq", "value": None}, "invalid_where"),
    ({"op": "eq", "value": "Ann"}, "invalid_where"),
    ({"field": 7, "op": "eq", "value": "Ann"}, "invalid_where"),
    ({"field": "x" * 81, "op": "eq", "value": "Ann"}, "invalid_where"),
    ({**IS_ANN, "op": "like"}, "invalid_where"),
    ({**IS_ANN, "op": ["eq"]}, "invalid_where"),
    (nested(9), "invalid_where"),
    ({"any": [IS_ANN] * 101}, "invalid_where"),
    ({"any": [{"all": [IS_ANN] * 51}, {"all": [IS_ANN] * 50}]}, "invalid_where"),
    ({"any": [{**IS_ANN, "op": "in", "value": ["x"] * 91}] * 11}, "invalid_where"),
]
FIELDS: list[tuple[str, str, Any, str]] = [
    ("unknown", "eq", "x", "unknown_field"),
    ("unknown", "exists", True, "unknown_field"),
    ("subscription.endpoint", "eq", "x", "unknown_field"),
    ("subscription.", "eq", "x", "unknown_field"),
    ("event.opened", "exists", True, "unknown_field"),
    ("profile_id", "eq", "x", "unknown_field"),
    ("_fname", "eq", 1, "invalid_value"),
    ("_fname", "eq", "x" * 501, "invalid_value"),
    ("_fname", "in", "Ann", "invalid_where"),
    ("_fname", "in", [], "invalid_where"),
    ("_fname", "in", ["x"] * 101, "invalid_where"),
    ("_fname", "in", ["Ann", 1], "invalid_value"),
    ("_fname", "begins_with", "", "invalid_where"),
    ("_fname", "contains", "n", "invalid_where"),
    ("_fname", "before", "Ann", "invalid_where"),
    ("_fname", "exists", "yes", "invalid_where"),
    ("_fname", "exists", 1, "invalid_where"),
    ("n", "gt", "1", "invalid_value"),
    ("n", "gt", 1.5, "invalid_value"),
    ("n", "eq", True, "invalid_value"),
    ("n", "begins_with", 1, "invalid_where"),
    ("d", "eq", 0.0000001, "invalid_value"),
    ("b", "eq", 1, "invalid_value"),
    ("b", "gt", True, "invalid_where"),
    ("b", "in", [True], "invalid_where"),
    ("day", "eq", "yesterday", "invalid_value"),
    ("day", "after", {"days_ago": 1.5}, "invalid_where"),
    ("day", "after", {"days_ago": True}, "invalid_where"),
    ("day", "after", {"days_ago": 36_501}, "invalid_where"),
    ("day", "after", {"weeks_ago": 1}, "invalid_where"),
    ("at", "before", "2026-01-01T00:00:00", "invalid_value"),
    ("at", "before", 1_790_000_000_000, "invalid_value"),
    ("l", "eq", ["x"], "invalid_where"),
    ("l", "contains", ["x"], "invalid_value"),
    ("email", "eq", "no address", "invalid_email"),
    ("email", "gt", "a@example.com", "invalid_where"),
    ("phones", "contains", "12", "invalid_phone"),
    ("tags", "contains", "a\nb", "invalid_tag"),
    ("tags", "eq", "vip", "invalid_where"),
    ("topics", "contains", "weather", "unknown_topic"),
    ("topics", "contains", 1, "invalid_value"),
    ("subscription.language", "eq", "de_%", "invalid_value"),
    ("subscription.language", "begins_with", "d", "invalid_where"),
    ("subscription.seen_at", "eq", "2026-01-01T00:00:00Z", "invalid_where"),
    ("event.clicked", "eq", "2026-01-01T00:00:00Z", "invalid_where"),
    ("event.clicked", "gt", "2026-01-01T00:00:00Z", "invalid_where"),
]


def code(shop: Shop, where: Any) -> tuple[int, str]:
    """Send a message to a `where` and return status and error code of the answer."""
    audience = {"where": where}
    return refusal(shop.call("POST", "/v1/messages", {"audience": audience, "notification": {"title": "Hello"}}))


@once
@pytest.mark.parametrize(("where", "expected"), SHAPES, ids=range(len(SHAPES)))
def test_a_tree_of_another_shape_is_refused(shop: Shop, where: Any, expected: str) -> None:
    before = stored_rows(shop.app)

    assert code(shop, where) == (422, expected)
    assert stored_rows(shop.app) == before


@once
@pytest.mark.parametrize(("field", "op", "value", "expected"), FIELDS, ids=range(len(FIELDS)))
def test_a_comparison_that_its_field_does_not_know_is_refused(
    shop: Shop, field: str, op: str, value: Any, expected: str
) -> None:
    leaf = {"field": field, "op": op, "value": value}

    assert code(shop, leaf) == (422, expected)
    assert code(shop, {"any": [IS_ANN, {"not": leaf}]}) == (422, expected)


@pytest.mark.parametrize("where", [nested(8), {"any": [IS_ANN] * 100}, {**IS_ANN, "op": "in", "value": ["x"] * 100}])
def test_a_tree_at_its_bounds_is_taken(shop: Shop, where: Json) -> None:
    assert shop.preview({"where": where}).status_code == 200


def test_a_field_of_one_of_several_databases_is_known_and_the_others_have_no_such_value(shop: Shop) -> None:
    second = shop.add_database(shoe="integer")
    in_first = shop.subscribe(database_ids=[shop.database_id])["subscriber_hash"]
    in_second = shop.subscribe(database_ids=[second], fields={"shoe": 43})["subscriber_hash"]
    is_large = {"field": "shoe", "op": "gt", "value": 40}

    assert shop.reached({"where": is_large}) == {in_second}
    assert shop.reached({"where": {"not": is_large}}) == {in_first}


def test_a_value_fits_where_a_database_has_its_type(shop: Shop) -> None:
    shop.add_database(n="text")
    shop.subscribe(fields={})

    assert shop.preview({"where": {"field": "n", "op": "eq", "value": "3"}}).status_code == 200
    assert code(shop, {"field": "n", "op": "eq", "value": True}) == (422, "invalid_value")


def test_the_refusal_says_which_comparison_is_wrong(shop: Shop) -> None:
    answer = shop.preview({"where": {"all": [IS_ANN, {"field": "tags", "op": "eq", "value": "vip"}]}})

    assert answer.json["error"]["details"] == {"field": "tags", "op": "eq"}
    assert "contains, exists" in answer.json["error"]["message"]
