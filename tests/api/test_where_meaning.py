"""What `where` selects: the answer of the database equals a plain evaluation of the same tree, for any tree."""

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from api.where_population import FIRST, PEOPLE, Browser, populate, reached
from sitebell.services.sites import create_site
from support.shop import Shop
from support.web_application import Json, parts

EQUAL, ORDER = ["eq", "ne", "in"], ["gt", "gte", "lt", "lte"]
MOMENTS = ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00.001+00:00", *({"days_ago": n} for n in (-1, 0, 1, 3, 5, 8, 41))]
POOLS: dict[str, tuple[list[str], Sequence[Any]]] = {
    "plan": ([*EQUAL, *ORDER, "begins_with"], ["gold", "Gold", "go", "gö%d_☃", "g_ld", "silver", "~"]),
    "visits": ([*EQUAL, *ORDER], [3, -3, 0, 2**53 - 1, "3", "0"]),
    "spent": ([*EQUAL, *ORDER], [9.99, 10, -10, 0.000001, 0]),
    "is_new": (["eq", "ne"], [True, False]),
    "birthday": ([*EQUAL, *ORDER, "before", "after"], ["1990-05-31", "0999-12-31", "2026-01-01", {"days_ago": 12_000}]),
    "seen": ([*EQUAL, *ORDER, "before", "after"], MOMENTS),
    "colours": (["contains"], ["red", "Red", "green", "rot"]),
    "email": ([*EQUAL, "begins_with"], ["ann@example.com", "bob@example.com"]),
    "external_id": ([*EQUAL, "begins_with"], ["person 1", "person", "other 3", "PERSON 1"]),
    "phones": (["contains"], ["+49301234567", "+442079460000"]),
    "tags": (["contains"], ["vip", "new", "VIP"]),
    "topics": (["contains"], ["news", "offers"]),
    "subscription.browser": ([*EQUAL, "begins_with"], ["firefox", "Chrome", "Fire", "Safari"]),
    "subscription.platform": ([*EQUAL, "begins_with"], ["Linux", "android"]),
    "subscription.country": ([*EQUAL, "begins_with"], ["DE", "fr", "US"]),
    "subscription.time_zone": ([*EQUAL, "begins_with"], ["Europe/Berlin", "america/"]),
    "subscription.language": (EQUAL, ["de", "DE-at", "pt", "en"]),
    "subscription.created_at": ([*ORDER, "before", "after"], MOMENTS),
    "subscription.seen_at": ([*ORDER, "before", "after"], MOMENTS),
    "subscription.clicked_at": ([*ORDER, "before", "after"], MOMENTS),
    "event.custom": (["before", "after"], MOMENTS),
    "event.subscribed": (["before", "after"], MOMENTS),
    "event.clicked": (["before", "after"], MOMENTS),
}


@st.composite
def leaves(draw: st.DrawFn) -> Json:
    """Draw a comparison that some database of the population can make."""
    name = draw(st.sampled_from(sorted(POOLS)))
    operations, values = POOLS[name]
    op = draw(st.sampled_from([*operations, "exists"]))
    if op == "exists":
        return {"field": name, "op": op, "value": draw(st.booleans())}
    value = st.sampled_from(values)
    if op == "in":
        kinds = {type(item) for item in values if not isinstance(item, dict)}
        kind = draw(st.sampled_from(sorted(kinds, key=str)))  # a list of several types fits no field
        fitting = [item for item in values if type(item) in (kind, dict)]
        return {"field": name, "op": op, "value": draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=3))}
    return {"field": name, "op": op, "value": draw(value)}


TREES = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.builds(lambda items: {"all": items}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda items: {"any": items}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda item: {"not": item}, inner),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def population(shared_app: Flask) -> tuple[Shop, list[Browser]]:
    """The site and its ten browsers, which no test changes."""
    context = parts(shared_app)
    with context.store.writing() as session:
        origins = ["https://www.example.com"]
        site = create_site(session, context.vault, name="Shop", origins=origins, database_id=None, now=context.clock())
    return populate(shared_app, site)


@settings(max_examples=150, deadline=None)
@given(tree=TREES)
def test_the_database_selects_whom_a_plain_evaluation_selects(
    population: tuple[Shop, list[Browser]], tree: Json
) -> None:
    shop, browsers = population

    assert shop.reached({"where": tree}) == reached(tree, browsers, parts(shop.app).clock())


@pytest.mark.parametrize("name", sorted(POOLS))
def test_each_comparison_and_its_opposite_select_whom_they_should(
    population: tuple[Shop, list[Browser]], name: str
) -> None:
    """Also, a field that selects all or nobody whatever is asked would compare nothing with nothing."""
    shop, browsers = population
    operations, values = POOLS[name]
    ones = {type(value): value for value in reversed(values)}.values()  # `not` does not look at the value

    def compare(op: str, value: Any) -> Json:
        return {"field": name, "op": op, "value": [value] if op == "in" else value}

    leaves = [compare(op, value) for op in operations for value in values]
    nots = [{"not": compare(op, value)} for op in operations for value in ones]
    now, counts = parts(shop.app).clock(), set()
    trees: list[Json] = [{"field": name, "op": "exists"}, *leaves, *nots]
    for tree in trees:
        found = shop.reached({"where": tree})
        assert found == reached(tree, browsers, now), tree
        counts.add(len(found))

    assert counts - {0, len(browsers)} or name == "event.clicked"


def test_who_has_no_value_passes_ne_and_not(population: tuple[Shop, list[Browser]]) -> None:
    shop, browsers = population
    is_gold = {"field": "plan", "op": "eq", "value": "gold"}
    without = {b.hash for b in browsers if not any("plan" in profile.values for profile in b.profiles)}

    assert without
    assert without <= shop.reached({"where": {**is_gold, "op": "ne"}})
    assert shop.reached({"where": {**is_gold, "op": "ne"}}) == shop.reached({"where": {"not": is_gold}})


@pytest.mark.parametrize(
    "unwanted", [{"field": "is_new", "op": "eq", "value": True}, {"field": "tags", "op": "contains", "value": "vip"}]
)
def test_who_is_left_out_for_one_profile_is_reached_by_no_other(
    population: tuple[Shop, list[Browser]], unwanted: Json
) -> None:
    shop, browsers = population
    left_out = shop.reached({"where": unwanted})

    assert any(b.hash in left_out and len(b.profiles) > 1 for b in browsers)
    assert shop.reached({"where": {"not": unwanted}}) == {b.hash for b in browsers} - left_out
    assert shop.reached({"where": {"not": {"any": [unwanted]}}}) == {b.hash for b in browsers} - left_out


def test_exists_is_true_unless_told_otherwise(population: tuple[Shop, list[Browser]]) -> None:
    shop, _ = population
    answers = [shop.reached({"where": {"field": "plan", "op": "exists", **value}}) for value in ({}, {"value": True})]

    assert answers[0] == answers[1] != set()


def test_the_population_has_a_value_of_every_type() -> None:
    assert set(FIRST) <= {name for person in PEOPLE for name in person}
