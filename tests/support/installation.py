"""A Sitebell installation in a folder of its own: database, master key, one site, and workers on request."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from sitebell.db import open_store
from sitebell.models import Delivery, Enrollment, Message, Profile, Site, Subscription, WorkerHeartbeat
from sitebell.push.client import Outcome, OutcomeKind, PushClient, PushRequest
from sitebell.push.encryption import SubscriptionKeys
from sitebell.push.endpoint import EndpointRules
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.binding.registering import register
from sitebell.services.delivery.composing import Composer
from sitebell.services.delivery.planner import plan_batch
from sitebell.services.messages import lifecycle
from sitebell.services.sites import create_site
from sitebell.services.subscriptions.lifecycle import Address, Registration, parse_address
from sitebell.services.vapid_keys import choose_vapid_key
from sitebell.services.vault import open_vault
from sitebell.worker.pipeline import POLL_SECONDS, Pipeline, Timer
from sitebell.worker.webhooks import WebhookPipeline, open_client
from support.databases import file_url
from support.loaded_process import LoadedProcess
from support.push_service import PushService
from support.push_service.subscriber import Subscriber
from support.stopped_clock import StoppedClock
from support.waiting import wait_until

RULES = EndpointRules()
LARGE = 1000
LEASE = timedelta(seconds=30)


class Installation:
    """One site, reached through the services, with the push service double behind its workers.

    On a database of its own: an SQLite file in `folder`, unless `url` names another one.
    """

    def __init__(self, folder: Path, push: PushService, url: str | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.push = push
        self.clock = StoppedClock()
        self.lease_seconds = 5
        self.settings_of_test: dict[str, str] = {}
        self.url = url or file_url(folder)
        self.store = open_store(self.url)
        self.store.upgrade()
        with self.store.writing() as session:
            self.vault = open_vault(session, folder / "master.key")
            origins = ["https://www.example.com"]
            created = create_site(
                session, self.vault, name="Example", origins=origins, database_id=None, now=self.clock()
            )
        self.database_id, self.api_key = created.database_id, created.api_key
        self.site, self.vapid_public_key = created.site, created.vapid_public_key

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a Sitebell process that works on this installation."""
        return {
            "SITEBELL_DATA": str(self.folder),
            "SITEBELL_DATABASE_URL": self.url,
            "SITEBELL_BASE_URL": "https://bell.example.com",
            "SITEBELL_LEASE_SECONDS": str(self.lease_seconds),
            **self.push.settings(),
            **self.settings_of_test,
        }

    def subscribe(self, devices: Iterable[Subscriber], who: Introduction | None = None) -> list[Subscription]:
        """Register devices of the push service with the site, as those of somebody or of nobody known."""
        with self.store.writing() as session:
            rows = []
            for device in devices:
                address = parse_address(RULES, device.endpoint, device.p256dh, device.auth)
                said = (Registration(address=address), who or Introduction())
                rows.append(register(session, self.vault, self.site, *said, None, self.clock()).subscription)
        return rows

    def add_devices(self, count: int, **arguments: Any) -> list[Subscriber]:
        """Make devices whose pushes must be signed by the site's key, and store their subscriptions in bulk."""
        devices = self.push.add_subscribers(count, self.vapid_public_key, **arguments)
        with self.store.writing() as session:
            pair = choose_vapid_key(session, self.site, self.vapid_public_key)
            rows = [self._row(device, pair.id) for device in devices]
            session.execute(insert(Subscription), rows)
            enroll_in_bulk(session, self.database_id, [row["subscriber_hash"] for row in rows], self.clock())
        return devices

    def _row(self, device: Subscriber, vapid_key_id: int) -> dict[str, Any]:
        address = Address(RULES.parse(device.endpoint), SubscriptionKeys(device.keys.public_point, device.keys.auth))
        moments = dict.fromkeys(("created_at", "updated_at", "seen_at"), self.clock())
        return moments | {
            "site_id": self.site.id,
            "provider": address.endpoint.service,
            "address": address.endpoint.url,
            "address_hash": address.hash,
            "p256dh": address.keys.p256dh,
            "auth": address.keys.auth,
            "vapid_key_id": vapid_key_id,
            "subscriber_hash": secrets.token_hex(16),
        }

    def send(self, **wish: Any) -> str:
        """Create a message to everyone, unless told otherwise, and return its id."""
        key = wish.pop("idempotency_key", None)
        values: dict[str, Any] = {"audience": {"everyone": True}, "notification": {"title": "Hello"}} | wish
        with self.store.writing() as session:
            message, _ = lifecycle.create_message(
                session, self.site, lifecycle.NewMessage(**values), idempotency_key=key, now=self.clock()
            )
        return message.public_id

    def act(self, action: Callable[[Session, Site, str, datetime], Message], public_id: str) -> None:
        """Cancel or resume a message."""
        with self.store.writing() as session:
            action(session, self.site, public_id, self.clock())

    def pause(self, public_id: str) -> None:
        """Hold a message back."""
        with self.store.writing() as session:
            lifecycle.pause_message(session, self.site, public_id)

    def message(self, public_id: str) -> Message:
        """Return a message as it stands."""
        with self.store.reading() as session:
            return lifecycle.get_message(session, self.site, public_id)

    def counts(self, public_id: str) -> dict[str, int]:
        """Return the counts of a message that are not zero."""
        with self.store.reading() as session:
            counts = lifecycle.count_deliveries(session, lifecycle.get_message(session, self.site, public_id))
        return {name: count for name, count in counts.items() if count}

    def deliveries(self, public_id: str) -> list[Delivery]:
        """Return the deliveries of a message, by subscription."""
        with self.store.reading() as session:
            query = select(Delivery).join(Message, Message.id == Delivery.message_id)
            rows = session.scalars(query.where(Message.public_id == public_id).order_by(Delivery.subscription_id))
            return list(rows)

    def subscriptions(self) -> list[Subscription]:
        """Return every subscription, in the order of creation."""
        with self.store.reading() as session:
            return list(session.scalars(select(Subscription).order_by(Subscription.id)))

    def pipeline(self, owner: str = "test", steady: Timer = monotonic) -> Pipeline:
        """Return a pipeline of this process, driven by the stopped clock; it flushes and polls by `steady`."""
        composer = Composer(self.vault, RULES, "mailto:ops@example.com", self.clock, "https://bell.example.com")
        return Pipeline(self.store, composer, owner=owner, lease=LEASE, clock=self.clock, steady=steady)

    def plan(self) -> None:
        """Plan one batch, without sending anything."""
        with self.store.writing() as session:
            plan_batch(session, self.clock())

    def answer(self, pipeline: Pipeline, requests: Iterable[PushRequest | None]) -> None:
        """Tell a pipeline that a push service accepted these requests."""
        for request in requests:
            assert request is not None
            pipeline.done(request, Outcome(OutcomeKind.accepted, 201))

    def drain(self, timeout: float = 15) -> None:
        """Do, in this process, all the work that is due by the stopped clock; a request may take `timeout` seconds."""
        proxy, ca_file = self.push.settings()["SITEBELL_PUSH_PROXY"], self.push.settings()["SITEBELL_PUSH_CA_FILE"]
        client = PushClient(proxy=proxy, ca_file=ca_file, timeout=timeout, connect_timeout=timeout)
        skipped = [0.0]
        pipeline = self.pipeline(steady=lambda: monotonic() + sum(skipped))
        try:
            while pipeline.work_is_due():
                client.run(pipeline.next_request, pipeline.done, pipeline.idle)
                pipeline.flush()
                skipped.append(POLL_SECONDS)  # what is due by the stopped clock does not wait for the next poll
        finally:
            pipeline.stop()
            client.close()

    def drain_webhooks(self, timeout: float = 15) -> None:
        """Make every call to a webhook that is due by the stopped clock; one may take `timeout` seconds."""
        proxy, ca_file = self.push.settings()["SITEBELL_PUSH_PROXY"], self.push.settings()["SITEBELL_PUSH_CA_FILE"]
        client = open_client(proxy=proxy, ca_file=ca_file, timeout=timeout, connect_timeout=timeout)
        try:
            while (pipeline := self.webhook_pipeline()).work_is_due():
                client.run(pipeline.next_request, pipeline.done, pipeline.idle)
        finally:
            client.close()

    def webhook_pipeline(self, owner: str = "test") -> WebhookPipeline:
        """Return a pipeline of calls to webhooks, driven by the stopped clock."""
        return WebhookPipeline(self.store, self.vault, owner=owner, lease=LEASE, clock=self.clock)

    def start_worker(self, name: str) -> subprocess.Popen[bytes]:
        """Start a worker process as `serve` starts its own; the caller ends it."""
        command = [sys.executable, "-m", "sitebell", "worker", "--name", name]
        return subprocess.Popen(command, env={**os.environ, **self.settings}, stdin=subprocess.PIPE)

    def fork_worker(self, name: str) -> LoadedProcess:
        """Start a worker process that finds its code loaded, for tests of what it does; the caller ends it."""
        return LoadedProcess(["worker", "--name", name], {**os.environ, **self.settings})

    def living_workers(self) -> list[str]:
        """Return the names of the workers that have a heartbeat."""
        with self.store.reading() as session:
            return list(session.scalars(select(WorkerHeartbeat.name)))

    def wait_until_finished(self, public_id: str, timeout: float = 60) -> dict[str, int]:
        """Wait until a message is sent, and return its counts."""
        finished = ("sent", "failed", "cancelled")
        wait_until(lambda: self.message(public_id).status in finished, "the message to be finished", timeout)
        return self.counts(public_id)


def enroll_in_bulk(session: Session, database_id: int, hashes: list[str], now: datetime) -> None:
    """Give subscriptions an anonymous profile each, as their browsers' first call would."""
    moments = {"created_at": now, "updated_at": now}
    profiles = [{"public_id": text[:24], "database_id": database_id, **moments} for text in hashes]
    session.execute(insert(Profile), profiles)
    hash_of_profile = func.substr(Subscription.subscriber_hash, 1, 24)
    pairs = select(Subscription.id, Profile.id).join(Profile, Profile.public_id == hash_of_profile)
    bound = {"database_id": database_id, "is_anonymous": True, "bound_at": now, **moments}
    rows = [
        {"subscription_id": subscription_id, "profile_id": profile_id, **bound}
        for subscription_id, profile_id in session.execute(pairs.where(Subscription.subscriber_hash.in_(hashes)))
    ]
    session.execute(insert(Enrollment), rows)
    if len(hashes) >= LARGE:
        session.execute(text("ANALYZE"))  # a server does so by itself when many rows are new, a while later


def shown_title(device: Subscriber, index: int = -1) -> str:
    """Return the title that a device would show for one of its messages."""
    title: str = json.loads(device.decrypt(device.messages[index]))["notification"]["title"]
    return title
