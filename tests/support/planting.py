"""A person with a browser, of whom every table that can knows a word of its own, and where such words are found."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Flask
from sqlalchemy import JSON, Column, LargeBinary, String, select, update
from sqlalchemy.orm import Session

from sitebell.db import Base
from sitebell.models import Delivery, DeliveryState, Message, Subscription
from sitebell.services.messages.names import fingerprint
from sitebell.services.receipts import Receipts
from sitebell.services.webhooks.calls import form_calls
from sitebell.services.webhooks.registry import create_webhook
from support.back_end import BackEnd
from support.chores import plan
from support.visitors import Browser, add_fields
from support.web_application import Json, parts

PHONE = "+4930901820"
NOTES = ["zq-note-of-the-site", "zq-second-note"]
PROFILE: Json = {
    "external_id": "zq-external-id",
    "email": "zq-address@example.com",
    "phones": [PHONE],
    "fields": {"_fname": "zq-first-name", "notes": NOTES, "card": "zq-card"},
    "tags": ["zq-tag"],
}
FORMER_PHONE = "+4930901821"
FORMER: Json = {"external_id": "zq-former-id", "email": "zq-former@example.com", "phones": [FORMER_PHONE]}
MERGED: Json = {"external_id": "zq-merged-id", "email": "zq-merged@example.com"}
FORMER_NAMES = {FORMER["external_id"], FORMER["email"], FORMER_PHONE, *MERGED.values()}
EVENT: Json = {"action": "zq-own-action", "data": {"zq-key": ["zq-value"]}}
CLICK = "zq-clicked-action"
REASON = "zq-reason-of-a-push-service"
VISIT: Json = {"locale": "de-x-zqlocale", "time_zone": "Antarctica/Troll", "topics": ["zq-topic"]}
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
TITLES = [f"zq-title-{number}" for number in range(6)]
FORMER_TITLES = [f"zq-former-title-{number}" for number in range(6)]
REPLACE_KEY = "zq-replace-key"
IDEMPOTENCY_KEY = "zq-idempotency-key"


class Planted:
    """What was planted: the person's ids, and every word by which something of theirs could be known again."""

    def __init__(self, app: Flask, office: BackEnd, browser: Browser) -> None:
        self._app, self._office, self._browser = app, office, browser
        self._make_site_ready()
        self.profile_id = self._add_person()
        shown = office.client.put(
            f"{browser.page}/subscription",
            json={"subscription": browser.subscription, **VISIT, "match": {"external_id": PROFILE["external_id"]}},
            headers=FIREFOX,
        )
        assert shown.status_code == 201, shown.json
        self.subscriber_hash: str = (shown.json or {})["subscriber_hash"]
        self._report({"type": "custom", "subscription": browser.subscription, "at": 1, **EVENT})
        self.message_ids = [self._send(title, audience) for title, audience in self._audiences()]
        self._deliver()

    @property
    def words(self) -> set[str]:
        """What an export must hold and an erase must leave nowhere."""
        of_profile = {PROFILE["external_id"], PROFILE["email"], PHONE, "zq-first-name", *NOTES, "zq-tag"}
        of_browser = {VISIT["locale"], VISIT["time_zone"], self.subscriber_hash}
        of_events = {"zq-own-action", "zq-key", "zq-value", CLICK, REASON}
        of_former = {*FORMER_NAMES, self.merged_id, *FORMER_TITLES}
        return {self.profile_id, *of_profile, "zq-card", *of_former, *of_browser, *of_events, *TITLES, REPLACE_KEY}

    @property
    def secrets(self) -> set[str]:
        """What is nowhere after an erase, and in no export or log either."""
        keys = self._browser.subscription["keys"]
        return {self._endpoint, self._endpoint.rpartition("/")[2], keys["p256dh"], keys["auth"]}

    @property
    def bytes_of_secrets(self) -> set[str]:
        """The same as the database holds it, as text of one character a byte."""
        keys = [_decode(key) for key in self._browser.subscription["keys"].values()]
        return {raw.decode("latin-1") for raw in (*keys, hashlib.sha256(self._endpoint.encode()).digest())}

    @property
    def hashes(self) -> set[str]:
        """By what messages are found that name the person, as text of one character a byte."""
        return {fingerprint(word).decode("latin-1") for word in self.words}

    @property
    def _endpoint(self) -> str:
        endpoint: str = self._browser.subscription["endpoint"]
        return endpoint

    def _make_site_ready(self) -> None:
        add_fields(self._app, self._office.site.database_id, notes="list", card="text")
        self._office.ask("PUT", "/v1/topics", {"topics": [{"name": "zq-topic", "title": "News"}]})
        with parts(self._app).store.writing() as session:
            context = parts(self._app)
            url = "https://hooks.example.com/bell"
            create_webhook(session, context.vault, self._office.site.site, url=url, now=context.clock())

    def _add_person(self) -> str:
        """Make a person of two profiles, who was called otherwise when the site first wrote to them."""
        profile_id, self.merged_id = self._office.add_profile(**FORMER), self._office.add_profile(**MERGED)
        audiences: list[Json] = [
            {"external_ids": [FORMER["external_id"]]},
            {"where": {"field": "email", "op": "in", "value": [FORMER["email"].upper()]}},
            {"where": {"field": "phones", "op": "contains", "value": "+49 (30) 90 18 21"}},
            {"external_ids": [MERGED["external_id"]]},
            {"profile_ids": [self.merged_id]},
            {"where": {"field": "email", "op": "eq", "value": MERGED["email"]}},
        ]
        sent = zip(FORMER_TITLES, audiences, strict=True)
        self.former_message_ids = [self._send(title, audience) for title, audience in sent]
        plan(self._app)
        self._office.ask("PATCH", f"{self._office.profiles}/{profile_id}", PROFILE | {"tags": {"add": PROFILE["tags"]}})
        self._office.ask("POST", f"{self._office.profiles}/{profile_id}/merge", {"from": self.merged_id})
        return profile_id

    def _audiences(self) -> Iterator[tuple[str, Json]]:
        where = {"all": [{"field": "email", "op": "eq", "value": f" {PROFILE['email'].title()}"}]}
        audiences: list[Json] = [
            {"external_ids": [PROFILE["external_id"]]},
            {"profile_ids": [self.profile_id]},
            {"subscriber_hashes": [self.subscriber_hash]},
            {"where": where},
            {"where": {"any": [{"field": "phones", "op": "contains", "value": "+49 30 90 18 20"}]}},
            {"where": {"field": "card", "op": "eq", "value": "zq-card"}},
        ]
        yield from zip(TITLES, audiences, strict=True)

    def _send(self, title: str, audience: Json) -> str:
        body = {"audience": audience, "notification": {"title": title}, "replace_key": f"{REPLACE_KEY}-{title}"}
        headers = {**self._office.headers, "Idempotency-Key": f"{IDEMPOTENCY_KEY}-{title}"}
        answer = self._office.client.post("/v1/messages", json=body, headers=headers)
        assert answer.status_code == 202, answer.json
        message_id: str = (answer.json or {})["id"]
        return message_id

    def _deliver(self) -> None:
        """Let a worker's work happen: one message stays open, the others end; the first is clicked."""
        plan(self._app)
        context = parts(self._app)
        with context.store.writing() as session:
            first, *_ = self.message_ids
            told = {"reason": REASON, "state": DeliveryState.FAILED, "finished_at": context.clock()}
            others = select(Message.id).where(Message.public_id.not_in(self.message_ids[-1:]))
            session.execute(update(Delivery).where(Delivery.message_id.in_(others)).values(told))
            session.execute(update(Subscription).values(country="AQ"))
            self.receipt = self._issue_receipt(session, first)
            form_calls(session, context.clock())
        self._report({"type": "clicked", "receipt": self.receipt, "at": 2, "action": CLICK})
        self._report({"type": "custom", "subscription": self._browser.subscription, "at": 3})

    def _issue_receipt(self, session: Session, message_id: str) -> str:
        message = session.scalars(select(Message).where(Message.public_id == message_id)).one()
        row = session.scalars(select(Subscription).where(Subscription.subscriber_hash == self.subscriber_hash)).one()
        receipts = Receipts.of_site(parts(self._app).vault, self._office.site.site)
        return receipts.issue(message.id, row.id, message.expires_at)

    def _report(self, event: Json) -> None:
        answer = self._office.client.post(f"{self._browser.page}/events", json={"events": [event]})
        assert answer.json == {"accepted": 1, "ignored": 0}


def wordy_columns() -> Iterator[Column[Any]]:
    """Yield each column of each table that can hold words."""
    for table in Base.metadata.tables.values():
        yield from (column for column in table.columns if isinstance(column.type, String | JSON | LargeBinary))


def columns_with(app: Flask, words: set[str]) -> dict[str, set[str]]:
    """Return where words are stored, as `table.column`, and which.

    Values are as the driver gives them: a statement of the ORM for each column costs ten times as much.
    """
    names: dict[str, list[str]] = {}
    for column in wordy_columns():
        names.setdefault(column.table.name, []).append(column.name)
    found: dict[str, set[str]] = {}
    with parts(app).store.reading() as session:
        for table, columns in names.items():
            listed = ", ".join(f'"{name}"' for name in columns)
            rows = session.connection().exec_driver_sql(f'SELECT {listed} FROM "{table}"').all()
            stored = zip(columns, zip(*rows, strict=True), strict=True) if rows else ()
            found |= {f"{table}.{name}": _found(values, words) for name, values in stored}
    return {name: some for name, some in found.items() if some}


def _found(values: Iterable[object], words: set[str]) -> set[str]:
    text = "\n".join(map(_text_of, values))
    return {word for word in words if word in text}


def _text_of(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else json.dumps(value)


def _decode(key: str) -> bytes:
    return base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
