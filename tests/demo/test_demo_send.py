"""Send me one: a message to the visitor alone, and how it fares."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from demo.visitor import OWN_PAGE, Visitor, content, refusal
from sitebell.models import Message
from sitebell.services.messages.lifecycle import NewMessage, create_message, get_message
from sitebell.services.sites import NewSite, create_site, list_sites
from support.stopped_clock import StoppedClock
from support.web_application import parts

HASH = "3f9a2c71d04be85506a7c1e2d93bc21d"


def stored(app: Flask, public_id: str) -> Message:
    with parts(app).store.reading() as session:
        return get_message(session, list_sites(session)[0], public_id)


def count_messages(app: Flask) -> int | None:
    with parts(app).store.reading() as session:
        return session.scalar(select(func.count()).select_from(Message))


def test_a_message_goes_to_the_visitor_and_to_nobody_else(visitor: Visitor, demo_app: Flask) -> None:
    answer = visitor.send(subscriber_hash=HASH, title="Hello", body="Over here")

    message = stored(demo_app, content(answer)["id"])
    assert answer.status_code == 202
    assert message.audience == {"subscriber_hashes": [HASH]}
    assert (message.notification["title"], message.notification["body"]) == ("Hello", "Over here")
    assert message.urgency == "high"


def test_a_click_leads_back_to_the_page_and_the_icon_is_its_own(visitor: Visitor, demo_app: Flask) -> None:
    notification = stored(demo_app, content(visitor.send(subscriber_hash=HASH))["id"]).notification

    assert notification["url"] == f"{OWN_PAGE}/"
    for name in ("icon", "badge"):
        assert visitor.ask(notification[name].removeprefix(OWN_PAGE)).mimetype == "image/png"


def test_a_message_can_wait_until_the_tab_is_closed(
    visitor: Visitor, demo_app: Flask, demo_clock: StoppedClock
) -> None:
    message = stored(demo_app, content(visitor.send(subscriber_hash=HASH, delay=10))["id"])

    assert message.send_at == demo_clock() + timedelta(seconds=10)


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"subscriber_hash": ""},
        {"subscriber_hash": HASH, "title": ""},
        {"subscriber_hash": HASH, "title": "x" * 81},
        {"subscriber_hash": HASH, "body": "x" * 181},
        {"subscriber_hash": HASH, "body": None},
        {"subscriber_hash": HASH, "delay": 61},
        {"subscriber_hash": HASH, "delay": True},
        {"subscriber_hash": [HASH]},
        {"subscriber_hash": HASH, "url": "https://evil.example/"},
        {"subscriber_hash": HASH, "audience": {"everyone": True}},
    ],
)
def test_anything_else_is_refused_and_stores_nothing(
    visitor: Visitor, demo_app: Flask, wish: dict[str, object]
) -> None:
    before = count_messages(demo_app)

    answer = visitor.send(**wish)

    assert refusal(answer) == (422, "invalid")
    assert count_messages(demo_app) == before


def test_a_body_that_is_not_declared_as_json_is_refused(demo_app: Flask) -> None:
    """A form of a foreign page can post text without asking first."""
    answer = demo_app.test_client().post(
        "/demo/send",
        base_url=OWN_PAGE,
        headers={"Origin": OWN_PAGE},
        data='{"subscriber_hash": "x"}',
        content_type="text/plain",
    )

    assert answer.status_code == 415


def test_the_page_sees_how_its_message_fares(visitor: Visitor) -> None:
    public_id = content(visitor.send(subscriber_hash=HASH))["id"]

    answer = visitor.ask(f"/demo/messages/{public_id}")

    assert (content(answer)["id"], content(answer)["status"]) == (public_id, "scheduled")
    assert {"accepted", "shown", "clicked", "closed", "gone", "failed"} <= content(answer)["counts"].keys()
    assert answer.headers["Cache-Control"] == "no-store"


def test_messages_of_other_sites_are_not_found(visitor: Visitor, demo_app: Flask, demo_clock: StoppedClock) -> None:
    with parts(demo_app).store.writing() as session:
        other: NewSite = create_site(
            session,
            parts(demo_app).vault,
            name="Other",
            origins=["https://other.example"],
            database_id=None,
            now=demo_clock(),
        )
        new = NewMessage(audience={"everyone": True}, notification={"title": "Hello"})
        message, _ = create_message(session, other.site, new, now=demo_clock())

    assert visitor.ask(f"/demo/messages/{message.public_id}").status_code == 404


@pytest.mark.parametrize("public_id", ["0" * 24, "%00", "x", "a.b"])
def test_unknown_messages_are_not_found(visitor: Visitor, public_id: str) -> None:
    assert visitor.ask(f"/demo/messages/{public_id}").status_code == 404
