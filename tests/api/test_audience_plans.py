"""Audiences are walked over indexes in bounded steps: no table is read from end to end, whatever is asked."""

from typing import Any

import pytest
from flask import Flask

from support.query_plans import tables_walked, watched
from support.shop import Shop
from support.visitors import add_fields
from support.web_application import Json, parts

pytestmark = pytest.mark.shared_app

LARGE = {"subscription", "enrollment", "profile", "field_value", "profile_tag", "profile_phone", "event", "delivery"}
LARGE |= {"subscription_topic"}
COMPARISONS: list[tuple[str, str, Any]] = [
    ("_fname", "eq", "Ann"),
    ("_fname", "begins_with", "A"),
    ("_fname", "exists", False),
    ("n", "gt", 3),
    ("at", "before", {"days_ago": 3}),
    ("l", "contains", "red"),
    ("email", "eq", "ann@example.com"),
    ("external_id", "in", ["ann", "bob"]),
    ("phones", "contains", "+49301234567"),
    ("tags", "contains", "vip"),
    ("topics", "contains", "news"),
    ("subscription.language", "eq", "de"),
    ("subscription.seen_at", "after", {"days_ago": 3}),
    ("event.clicked", "after", {"days_ago": 3}),
]


@pytest.fixture
def shop(app: Flask, shop: Shop) -> Shop:
    """A site with two databases and one visitor."""
    add_fields(app, shop.database_id, n="integer", at="datetime", l="list")
    shop.add_database(n="integer")
    shop.offer("news")
    shop.subscribe(match={"external_id": "ann"}, topics=["news"], tags={"add": ["vip"]})
    return shop


def walked(shop: Shop, audience: Json) -> set[str]:
    """Return the large tables that a preview of an audience reads from end to end."""
    store = parts(shop.app).store
    with watched(store.engine) as statements:
        assert shop.preview(audience).status_code == 200
    assert any("FROM subscription JOIN enrollment" in sql for sql, _ in statements)
    with store.reading() as session:
        return tables_walked(session, statements) & LARGE


@pytest.mark.parametrize(("field", "op", "value"), COMPARISONS)
@pytest.mark.parametrize("is_negated", [False, True])
def test_each_comparison_is_answered_by_an_index(
    shop: Shop, field: str, op: str, value: Any, *, is_negated: bool
) -> None:
    leaf = {"field": field, "op": op, "value": value}

    assert walked(shop, {"where": {"not": leaf} if is_negated else leaf}) == set()


def test_all_comparisons_together_are_answered_by_indexes(shop: Shop) -> None:
    leaves = [{"field": field, "op": op, "value": value} for field, op, value in COMPARISONS]

    assert walked(shop, {"where": {"any": [*leaves, {"all": leaves}]}, "tags": ["vip"], "topics": ["news"]}) == set()


@pytest.mark.parametrize(
    "audience",
    [
        {"everyone": True},
        {"subscriber_hashes": ["0" * 32]},
        {"profile_ids": ["0" * 24]},
        {"external_ids": ["ann", "bob"]},
        {"topics": ["news"]},
        {"tags": ["vip"]},
    ],
    ids=lambda audience: next(iter(audience)),
)
def test_each_member_of_an_audience_is_answered_by_an_index(shop: Shop, audience: Json) -> None:
    assert walked(shop, audience) == set()
