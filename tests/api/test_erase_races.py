"""Erase and merge beside everything else that writes of a person: nobody fails, and nothing of the person stays."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from sitebell.models import Enrollment, Event, Message, Subscription
from sitebell.services.receipts import Receipts
from sitebell.services.webhooks.calls import form_calls
from support.back_end import WEBHOOK, BackEnd
from support.chores import plan
from support.interleaving import at_once
from support.planting import columns_with
from support.visitors import Browser, profile_ids
from support.web_application import Json, parts

pytestmark = pytest.mark.databases("postgresql")  # SQLite has one writer at a time

ROUNDS = 6
ACTION = "zq-clicked-action"
STATUSES = {200, 201, 404}

Call = Callable[[], TestResponse | None]


class Ann:
    """Somebody at two browsers, of which somebody else uses the second now; each has got a message."""

    def __init__(self, app: Flask, office: BackEnd, number: int) -> None:
        self.app, self.office, self.match = app, office, {"external_id": f"zq-ann-{number}"}
        page = f"/v1/sites/{office.site.site.token}"
        self.own, self.shared = (Browser(office.client, page) for _ in range(2))
        known = [browser.put(match=self.match) for browser in (self.own, self.shared)]
        [self.id] = profile_ids(known[0])
        self._hashes = [one["subscriber_hash"] for one in known]
        self._message_id = self._send()
        self.shared.identify(f"ben-{number}")
        self.other = office.add_profile(external_id=f"other-{number}")

    def others(self, kind: str) -> Iterator[Call]:
        """Yield calls of one kind, each for a thread of its own."""
        if kind == "form_calls":
            yield from (self._click(self.own, 0, 1), self._form)
        elif kind == "click":
            yield from (self._click(self.own, 0, 1), self._click(self.shared, 1, 2))
        elif kind == "bind":
            yield from (self._refresh(self.own), self._refresh(self.shared))
        else:
            yield from (self._attach(self._hashes[1]), self._attach(self.office.add_subscriber()))

    def end(self, kind: str) -> Call:
        """Return the call that erases the person or merges it into another."""
        office, profile = self._another_office(), f"{self.office.profiles}/{self.id}"
        if kind == "erase":
            return lambda: office.call("DELETE", profile)
        return lambda: office.call("POST", f"{office.profiles}/{self.other}/merge", {"from": self.id})

    def _send(self) -> int:
        public_id = self.office.send(audience={"subscriber_hashes": self._hashes})
        plan(self.app)
        with parts(self.app).store.reading() as session:
            return session.scalars(select(Message.id).where(Message.public_id == public_id)).one()

    def _another_office(self) -> BackEnd:
        return BackEnd(self.app.test_client(), self.office.site)

    def _click(self, browser: Browser, place: int, at: int) -> Call:
        context, client = parts(self.app), self.app.test_client()
        with context.store.reading() as session:
            found = select(Subscription.id).where(Subscription.subscriber_hash == self._hashes[place])
            row_id = session.scalars(found).one()
            message = session.get_one(Message, self._message_id)
        receipts = Receipts.of_site(context.vault, self.office.site.site)
        receipt = receipts.issue(message.id, row_id, message.expires_at)
        event = {"type": "clicked", "receipt": receipt, "at": at, "action": ACTION}
        return lambda: client.post(f"{browser.page}/events", json={"events": [event]})

    def _refresh(self, browser: Browser) -> Call:
        body: Json = {"subscription": browser.subscription, "intent": "refresh", "match": self.match}
        client = self.app.test_client()
        return lambda: client.put(f"{browser.page}/subscription", json=body | {"fields": {"_fname": "Ann"}})

    def _attach(self, subscriber_hash: str) -> Call:
        office, path = self._another_office(), f"{self.office.profiles}/{self.id}/subscriptions/{subscriber_hash}"
        return lambda: office.call("PUT", path, {})

    def _form(self) -> None:
        with parts(self.app).store.writing() as session:
            form_calls(session, parts(self.app).clock())


def shells_with_people(app: Flask) -> int:
    """Return how many enrollments stand at erased browsers."""
    query = select(func.count()).select_from(Enrollment).join(Subscription)
    with parts(app).store.reading() as session:
        return session.scalar(query.where(Subscription.status == "erased")) or 0


def actions_of_nobody(app: Flask) -> int:
    """Return how many events keep what was chosen in a message that was for an erased person."""
    with parts(app).store.reading() as session:
        return session.scalar(select(func.count()).where(Event.action == ACTION)) or 0


@pytest.mark.parametrize("other", ["click", "bind", "attach", "form_calls"])
@pytest.mark.parametrize("end", ["erase", "merge"])
def test_sec_43_an_end_of_a_person_beside_other_calls_leaves_nothing_and_fails_nobody(
    app: Flask, office: BackEnd, end: str, other: str
) -> None:
    office.ask("POST", "/v1/webhooks", WEBHOOK | {"events": ["click", "update_subscription", "subscribe"]})

    for number in range(ROUNDS):
        ann = Ann(app, office, number)
        calls = [ann.end(end), *ann.others(other)]
        answers = at_once(calls if number % 2 else calls[::-1])

        assert {answer.status_code for answer in answers if answer is not None} <= STATUSES
        assert columns_with(app, {ann.id}) == {}
        assert shells_with_people(app) == 0
        assert end == "merge" or actions_of_nobody(app) == 0


def test_erases_of_people_who_share_browsers_do_not_wait_in_a_circle(app: Flask, office: BackEnd) -> None:
    offices = [BackEnd(app.test_client(), office.site) for _ in range(3)]

    def erase(office: BackEnd, profile_id: str) -> Call:
        return lambda: office.call("DELETE", f"{office.profiles}/{profile_id}")

    for number in range(ROUNDS):
        browsers = [Browser(office.client, f"/v1/sites/{office.site.site.token}") for _ in range(3)]
        for browser in browsers:
            browser.put()
        names = [f"{name}-{number}" for name in ("ann", "ben", "eve")]
        people = [profile_ids(browser.identify(name))[0] for name in names for browser in browsers][::3]

        answers = at_once([erase(office, profile_id) for office, profile_id in zip(offices, people, strict=True)])

        assert {answer.status_code for answer in answers if answer is not None} == {200}
        assert shells_with_people(app) == 0
