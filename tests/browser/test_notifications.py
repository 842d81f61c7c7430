"""A message from the site's back end on the visitor's screen."""

import pytest

from browser.shop import Json, Shop
from browser.visitor import Visitor
from support.browser import Browser
from support.notifications import Notification, NotificationDaemon
from support.push_service import PushService

LARGEST_BODY = 4096


def words(notification: Notification) -> str:
    """Return the text of a notification; Chromium puts a link to the origin on a line of its own before it."""
    return notification.body.rpartition("\n")[2]


def test_a_message_to_everyone_is_shown_and_the_server_knows(
    subscriber: Visitor, shop: Shop, notifications: NotificationDaemon
) -> None:
    message = shop.send("Fresh bread", body="From 7 to 12.")

    shown = notifications.wait("Fresh bread")

    assert words(shown) == "From 7 to 12."
    assert shop.wait_for_counts(message, shown=1) == {"recipients": 1, "accepted": 1, "shown": 1}
    event = subscriber.wait_for_event("show")
    assert (event["message"], event["title"], event["url"]) == (message, "Fresh bread", f"{shop.origin}/")


@pytest.mark.usefixtures("subscriber")
def test_letters_of_every_script_arrive(shop: Shop, notifications: NotificationDaemon) -> None:
    """And what looks like markup stays text: a desktop that knows markup is given it escaped."""
    shop.send("Größe 42: 新しい 🔔", body="שלום & <b>not bold</b>", lang="he", dir="rtl")

    shown = notifications.wait("Größe 42: 新しい 🔔")

    assert words(shown) == "שלום &amp; &lt;b&gt;not bold&lt;/b&gt;"


@pytest.mark.usefixtures("subscriber")
def test_a_message_to_a_hash_reaches_its_subscriber_alone(shop: Shop, notifications: NotificationDaemon) -> None:
    """A subscriber_hash that is not the visitor's reaches nobody."""
    (row,) = shop.subscriptions()

    _, stranger = shop.post({"title": "For a stranger"}, audience={"subscriber_hashes": ["0" * 32]})
    _, own = shop.post({"title": "For you"}, audience={"subscriber_hashes": [row.subscriber_hash]})

    notifications.wait("For you")
    assert shop.wait_for_counts(own["id"], shown=1)["recipients"] == 1
    assert shop.wait_until_sent(stranger["id"]) == {}
    assert [shown.title for shown in notifications.shown] == ["For you"]


@pytest.mark.usefixtures("subscriber")
def test_two_messages_are_two_notifications(shop: Shop, notifications: NotificationDaemon) -> None:
    shop.send("First")
    notifications.wait("First")
    shop.send("Second")
    notifications.wait("Second")

    assert [shown.title for shown in notifications.shown] == ["First", "Second"]


@pytest.mark.usefixtures("subscriber")
def test_a_message_with_the_same_tag_takes_the_place_of_the_first(
    shop: Shop, notifications: NotificationDaemon
) -> None:
    """It is shown instead; nobody has dismissed the first one, though Firefox says that it was closed."""
    first = shop.send("Score 1:0", tag="score")
    notifications.wait("Score 1:0")
    shop.wait_for_counts(first, shown=1)

    second = shop.send("Score 1:1", tag="score")

    shown = notifications.wait("Score 1:1")
    shop.wait_for_counts(second, shown=1)
    assert [one.title for one in notifications.shown] == ["Score 1:1"]
    notifications.dismiss(shown)  # what was reported of the first one is there before this is
    shop.wait_for_counts(second, closed=1)
    assert shop.counts(first) == {"recipients": 1, "accepted": 1, "shown": 1}


def test_the_largest_notification_arrives_and_one_byte_more_is_refused(
    subscriber: Visitor, shop: Shop, notifications: NotificationDaemon, push_service: PushService
) -> None:
    def notification(filler: int) -> Json:
        return {"title": "Full", "data": {"filler": "x" * filler}}

    _, refusal = shop.post(notification(4000))
    details = refusal["error"]["details"]
    room = 4000 - (details["size"] - details["limit"])

    status, answer = shop.post(notification(room + 1))
    assert (status, answer["error"]["code"]) == (422, "notification_too_large")
    status, answer = shop.post(notification(room))
    assert status == 202

    notifications.wait("Full")
    assert len(push_service.history[-1].body) == LARGEST_BODY
    assert subscriber.wait_for_event("show")["data"] == {"filler": "x" * room}


@pytest.mark.usefixtures("subscriber")
def test_what_the_sender_asked_for_reaches_the_desktop(
    browser: Browser, shop: Shop, notifications: NotificationDaemon
) -> None:
    """Only Chromium passes on that a notification is to stay."""
    shop.send("Plain")
    shop.send("Hush", silent=True)
    shop.send("Stay", require_interaction=True)

    plain, hush, stay = (notifications.wait(title).hints for title in ("Plain", "Hush", "Stay"))

    assert hush["suppress-sound"] is True
    assert not plain.get("suppress-sound")
    assert (plain != stay) == {"firefox": False, "chromium": True}[browser.name]
