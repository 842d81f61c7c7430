"""Topics: a list that the site defines, a choice that the visitor makes in one browser."""

import pytest

from support.shop import Shop
from support.web_application import Json, new_subscription, refusal, stored_rows

pytestmark = pytest.mark.shared_app

OFFERS, NEWS = {"name": "offers", "title": "Offers of the week"}, {"name": "news", "title": "News"}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A site that offers two topics."""
    assert shop.call("PUT", "/v1/topics", {"topics": [OFFERS, NEWS]}).status_code == 200
    return shop


def test_the_list_is_public_and_in_the_order_of_the_site(shop: Shop) -> None:
    assert shop.client.get(shop.page).json["topics"] == [OFFERS, NEWS]  # type: ignore[index]


def test_only_the_back_end_sees_how_often_a_topic_was_chosen(shop: Shop) -> None:
    shop.subscribe(topics=["news"])

    assert shop.ask("GET", "/v1/topics") == {"topics": [{**OFFERS, "chosen": 0}, {**NEWS, "chosen": 1}]}


def test_a_choice_is_answered_and_replaces_the_one_before(shop: Shop) -> None:
    device = new_subscription()

    assert shop.subscribe(device, topics=["news", "offers", "news"])["topics"] == ["offers", "news"]
    assert shop.subscribe(device, topics=["news"])["topics"] == ["news"]
    assert shop.subscribe(device, topics=[])["topics"] == []


def test_without_topics_the_choice_stays(shop: Shop) -> None:
    device = new_subscription()
    shop.subscribe(device, topics=["news"])

    shop.subscribe(device, topics=None, intent="refresh")

    status = shop.tell("status", device)
    assert status["topics"] == ["news"]


def test_a_choice_belongs_to_the_browser_and_outlives_a_logout_and_a_new_endpoint(shop: Shop) -> None:
    device, moved = new_subscription(), new_subscription()
    shop.subscribe(device, match={"external_id": "ann"}, topics=["news"])

    logged_out = shop.tell("logout", device)

    assert logged_out["topics"] == ["news"]
    assert shop.subscribe(moved, previous=device, intent="refresh")["topics"] == ["news"]


def test_an_unknown_topic_is_refused_and_nothing_is_stored(shop: Shop) -> None:
    before = stored_rows(shop.app)
    body = {"subscription": new_subscription(), "topics": ["news", "weather"]}

    answer = shop.client.put(f"{shop.page}/subscription", json=body)

    assert refusal(answer) == (422, "unknown_topic")
    assert answer.json["error"]["details"] == {"topics": ["weather"]}  # type: ignore[index]
    assert stored_rows(shop.app) == before


def test_a_topic_that_stays_in_the_list_keeps_its_visitors(shop: Shop) -> None:
    device = new_subscription()
    shop.subscribe(device, topics=["news", "offers"])
    renamed = {"name": "news", "title": "What is new"}

    answer = shop.ask("PUT", "/v1/topics", {"topics": [renamed, {"name": "sport", "title": "Sport"}]})

    assert answer["topics"][0] == {**renamed, "chosen": 1}
    assert shop.subscribe(device, intent="refresh")["topics"] == ["news"]


@pytest.mark.parametrize(
    ("topics", "code"),
    [
        ([OFFERS, OFFERS], "invalid_topic"),
        ([{"name": "two words", "title": "x"}], "invalid_topic"),
        ([{"name": "-x", "title": "x"}], "invalid_topic"),
        ([{"name": "x\n", "title": "x"}], "invalid_topic"),
        ([{"name": "x", "title": " "}], "invalid_topic"),
        ([{"name": "x", "title": "a\nb"}], "invalid_topic"),
        ([{"name": "x" * 101, "title": "x"}], "invalid"),
        ([{"name": str(n), "title": "x"} for n in range(101)], "invalid"),
        ([{"name": "x"}], "invalid"),
        ("news", "invalid"),
    ],
)
def test_a_list_that_cannot_be_offered_is_refused_and_nothing_changed(shop: Shop, topics: object, code: str) -> None:
    before = stored_rows(shop.app)

    assert refusal(shop.call("PUT", "/v1/topics", {"topics": topics})) == (422, code)
    assert stored_rows(shop.app) == before


def test_a_message_to_a_topic_that_was_removed_since_reaches_nobody(shop: Shop) -> None:
    shop.subscribe(topics=["news"])
    audience: Json = {"topics": ["news"]}
    assert len(shop.reached(audience)) == 1

    shop.call("PUT", "/v1/topics", {"topics": [OFFERS]})

    assert refusal(shop.preview(audience)) == (422, "unknown_topic")
