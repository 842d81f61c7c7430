"""Who an audience reaches, asked through the preview, which walks as sending does."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from sitebell.services.sites import NewSite
from support.shop import Shop
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription, parts, refusal, stored_rows

pytestmark = pytest.mark.shared_app


def hash_of(answer: Json) -> str:
    hash_: str = answer["subscriber_hash"]
    return hash_


def profile_of(answer: Json, database_id: int) -> str:
    [row] = [row for row in answer["enrollments"] if row["database_id"] == database_id]
    id_: str = row["profile_id"]
    return id_


def test_everyone_is_every_subscribed_browser(shop: Shop) -> None:
    stays, leaves = new_subscription(), new_subscription()
    reached = hash_of(shop.subscribe(stays))
    shop.subscribe(leaves)
    shop.tell("unsubscribe", leaves)

    assert shop.reached({"everyone": True}) == {reached}


def test_people_are_reached_by_the_ids_of_their_profiles_and_by_their_own(shop: Shop) -> None:
    ann = shop.subscribe(match={"external_id": "ann"})
    bob = shop.subscribe(match={"external_id": "bob"})
    shop.subscribe(match={"external_id": "cy"})

    assert shop.reached({"external_ids": ["ann", "nobody"]}) == {hash_of(ann)}
    assert shop.reached({"profile_ids": [profile_of(bob, shop.database_id), "0" * 24]}) == {hash_of(bob)}


def test_a_person_is_reached_in_each_of_their_browsers(shop: Shop) -> None:
    phone, desk = (shop.subscribe(match={"external_id": "ann"}) for _ in range(2))

    assert shop.reached({"external_ids": ["ann"]}) == {hash_of(phone), hash_of(desk)}


def test_several_members_are_a_union_and_each_browser_counts_once(shop: Shop) -> None:
    shop.offer("news")
    ann = shop.subscribe(match={"external_id": "ann"}, tags={"add": ["vip"]}, topics=["news"])
    bob = shop.subscribe(match={"external_id": "bob"}, fields={"_fname": "Bob"})
    cy = shop.subscribe(topics=["news"])
    shop.subscribe()
    where = {"field": "_fname", "op": "eq", "value": "Bob"}
    audience = {"subscriber_hashes": [hash_of(ann)], "external_ids": ["ann"], "tags": ["vip"], "where": where}

    assert shop.reached({**audience, "topics": ["news"]}) == {hash_of(ann), hash_of(bob), hash_of(cy)}


def test_a_browser_of_several_matching_profiles_counts_once(shop: Shop) -> None:
    shop.add_database()
    ann = shop.subscribe(match={"external_id": "ann"}, tags={"add": ["vip"]})

    assert len(ann["enrollments"]) == 2
    assert shop.reached({"external_ids": ["ann"]}) == shop.reached({"tags": ["vip"]}) == {hash_of(ann)}


def test_the_sample_names_the_profile_that_is_meant(shop: Shop) -> None:
    """Personalisation takes its values from there."""
    second = shop.add_database()
    shop.subscribe(device := new_subscription(), match={"external_id": "ann"})
    ann = shop.subscribe(device, database_ids=[second], tags={"add": ["vip"]}, intent="refresh")

    [row] = shop.preview({"tags": ["vip"]}).json["sample"]

    assert row == {"subscriber_hash": hash_of(ann), "profile_id": profile_of(ann, second)}


def test_the_count_goes_on_where_the_sample_ends(shop: Shop) -> None:
    for _ in range(12):
        shop.subscribe(match={"external_id": "guest"})

    answer = shop.preview({"external_ids": ["guest"], "where": {"field": "external_id", "op": "exists"}}).json

    assert (answer["count"], len(answer["sample"])) == (12, 10)


def test_who_logged_out_is_reached_neither_by_name_nor_by_tag(shop: Shop) -> None:
    device = new_subscription()
    shop.subscribe(device, match={"external_id": "ann"}, tags={"add": ["vip"]})
    shop.tell("logout", device)

    assert shop.reached({"external_ids": ["ann"], "tags": ["vip"]}) == set()
    assert len(shop.reached({"everyone": True})) == 1


def test_who_paused_is_not_counted_until_they_resume(shop: Shop) -> None:
    device = new_subscription()
    ann = shop.subscribe(device, match={"external_id": "ann"})
    shop.tell("pause", device)
    assert shop.reached({"everyone": True}) == set()

    shop.tell("resume", device)

    assert shop.reached({"external_ids": ["ann"]}) == {hash_of(ann)}


def test_verified_counts_only_browsers_whose_profile_was_proved(shop: Shop) -> None:
    shop.subscribe(match={"external_id": "ann"})

    assert len(shop.reached({"external_ids": ["ann"]})) == 1
    assert shop.reached({"external_ids": ["ann"]}, verified=True) == set()


def test_sec_38_a_site_reaches_its_own_subscriptions_only(shop: Shop, new_site: Callable[[str], NewSite]) -> None:
    other = Shop(shop.app, new_site("https://other.example"))
    shop.offer("news")
    other.offer("news")
    mine = shop.subscribe(match={"external_id": "ann"}, topics=["news"], tags={"add": ["vip"]})
    theirs = {"subscriber_hashes": [hash_of(mine)], "profile_ids": [profile_of(mine, shop.database_id)]}
    where = {"field": "external_id", "op": "exists"}

    reached = other.reached({**theirs, "external_ids": ["ann"], "topics": ["news"], "tags": ["vip"], "where": where})

    assert reached == set()


def test_an_audience_that_cannot_be_sent_to_cannot_be_previewed_either(shop: Shop) -> None:
    assert refusal(shop.preview({})) == (422, "empty_audience")
    assert refusal(shop.preview({"topics": ["unknown"]})) == (422, "unknown_topic")


def test_a_preview_changes_nothing(shop: Shop) -> None:
    shop.subscribe(match={"external_id": "ann"})
    before = stored_rows(shop.app)

    shop.reached({"external_ids": ["ann"], "tags": ["vip"]})

    assert stored_rows(shop.app) == before


def test_a_preview_that_takes_too_long_is_given_up_between_two_steps(app: Flask, shop: Shop) -> None:
    """Or a few of them would hold all web threads."""
    ann = shop.subscribe(match={"external_id": "ann"})
    two_steps: Json = {"external_ids": ["ann"], "tags": ["vip"]}
    assert shop.reached(two_steps) == {hash_of(ann)}

    with taking(parts(app).store.engine, cast("StoppedClock", parts(app).clock), seconds=5):
        assert refusal(shop.preview(two_steps)) == (422, "too_slow")
        assert shop.reached({"everyone": True}) == {hash_of(ann)}


@contextmanager
def taking(engine: Engine, clock: StoppedClock, *, seconds: int) -> Iterator[None]:
    """Let each statement last so long."""

    def wait(*_: Any) -> None:
        clock.advance(seconds=seconds)

    event.listen(engine, "before_cursor_execute", wait)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", wait)
