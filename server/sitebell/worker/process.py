"""A worker process: its start, its heartbeat, its housekeeping, and its graceful end."""

import math
import os
import secrets
import signal
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.exc import OperationalError

from sitebell import work_queue
from sitebell.clock import Clock, utcnow
from sitebell.config import Config
from sitebell.db import Store, open_store
from sitebell.models import Batch, WebhookCall, WorkerHeartbeat
from sitebell.push.client import PushClient
from sitebell.push.endpoint import EndpointRules
from sitebell.services import retention
from sitebell.services.binding.enrollments import has_pauses_to_end, resume_some
from sitebell.services.delivery.composing import Composer
from sitebell.services.erasure import Ledger
from sitebell.services.vapid_keys import resolve_subject
from sitebell.services.vault import Vault, open_vault
from sitebell.worker.parent import watch_parent
from sitebell.worker.pipeline import POLL_SECONDS, Pipeline
from sitebell.worker.webhooks import WebhookPipeline, WebhookThread, open_client

IN_FLIGHT = 100
HEARTBEAT_SECONDS = 10.0
HOUSEKEEPING_SECONDS = 1.0
LAST_REQUESTS_SECONDS = 16.0  # one request takes 15 at most; those parked behind a silent host get no turn

log = structlog.get_logger()


class _OutOfTimeError(Exception):
    """The end has to come before every request under way was answered."""


class Worker:
    """Runs a pipeline until `stop` is set."""

    def __init__(
        self,
        store: Store,
        pipeline: Pipeline,
        client: PushClient,
        ledger: Ledger,
        *,
        name: str,
        clock: Clock = utcnow,
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._client = client
        self._ledger = ledger
        self._name = name
        self._clock = clock
        self._started_at = clock()
        self._next_heartbeat = 0.0
        self._next_housekeeping = 0.0
        self._last_moment = math.inf
        self.stop = threading.Event()

    def run(self) -> None:
        """Deliver until stopped; then let requests in flight end, write them down and give the leases back.

        What is unanswered 16 seconds after the stop is given up: the next worker sends it again. After a fault of ours
        the leases are not given back: whoever takes the batches next has to see that one of them ended a worker.
        """
        try:
            with suppress(_OutOfTimeError):
                while not self.stop.is_set():
                    self._client.run(self._pipeline.next_request, self._pipeline.done, self._idle)
                    self._pipeline.flush()
                    self._idle()
                    self.stop.wait(POLL_SECONDS)
            self._pipeline.stop()
        finally:
            self._client.close()

    def request_stop(self) -> None:
        """Take no new work from now on; safe in a signal handler."""
        self._pipeline.is_stopping = True
        self._last_moment = time.monotonic() + LAST_REQUESTS_SECONDS
        self.stop.set()

    def _idle(self) -> None:
        self._pipeline.idle()
        now = time.monotonic()
        if now >= self._last_moment:
            raise _OutOfTimeError
        try:
            if now >= self._next_heartbeat:
                self._next_heartbeat = now + HEARTBEAT_SECONDS
                self._beat()
            if now >= self._next_housekeeping:
                self._next_housekeeping = now + HOUSEKEEPING_SECONDS
                self._housekeep()
        except OperationalError as error:  # locked, full or restarted: the next round tries again
            log.warning("the database takes no writes", reason=str(error.orig))

    def _beat(self) -> None:
        with self._store.writing() as session:
            session.merge(WorkerHeartbeat(name=self._name, started_at=self._started_at, seen_at=self._clock()))

    def _housekeep(self) -> None:
        with self._store.reading() as session:
            is_due = retention.is_due(session, self._clock())
            has_pauses = has_pauses_to_end(session, self._clock())
        if has_pauses:
            with self._store.writing() as session:
                resume_some(session, self._clock())
        if is_due:
            with self._store.writing() as session:
                is_done = retention.prune_step(session, self._clock())
            if is_done:
                self._shorten_ledger()

    def _shorten_ledger(self) -> None:
        try:
            self._ledger.forget_names(self._clock())
        except OSError as error:
            log.warning("the ledger of erasures cannot be shortened", reason=str(error.strerror))


def run(config: Config, name: str | None = None) -> None:
    """Run a worker in this process until SIGTERM or SIGINT; `name` is given by a supervisor that watches it.

    Raises:
        SitebellError: the VAPID subject or the master key cannot be used.
    """
    subject = resolve_subject(config.base_url, config.vapid_subject, allow_local=config.demo)
    store = open_store(config.database_url)
    store.upgrade()
    with store.writing() as session:
        vault = open_vault(session, config.master_key_file)
    owner = name or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
    composer = Composer(vault, EndpointRules(config.push_hosts), subject, utcnow, config.base_url)
    lease = timedelta(seconds=config.lease_seconds)
    pipeline = Pipeline(store, composer, owner=owner, lease=lease, clock=utcnow)
    client = PushClient(in_flight=IN_FLIGHT, proxy=config.push_proxy, ca_file=config.push_ca_file)
    worker = Worker(store, pipeline, client, Ledger(config.data), name=owner)
    webhooks = _webhooks(config, store, vault, owner)
    _stop_when_told(worker, webhooks, is_watched=name is not None)
    log.info("worker started", worker=owner)
    webhooks.start()
    worker.run()
    webhooks.join(LAST_REQUESTS_SECONDS)
    forget(store, owner)
    store.close()
    log.info("worker stopped", worker=owner)


def _webhooks(config: Config, store: Store, vault: Vault, owner: str) -> WebhookThread:
    lease = timedelta(seconds=config.lease_seconds)
    pipeline = WebhookPipeline(store, vault, owner=owner, lease=lease, clock=utcnow)
    client = open_client(proxy=config.push_proxy, ca_file=config.push_ca_file)
    return WebhookThread(pipeline, client)


def _stop_when_told(worker: Worker, webhooks: WebhookThread, *, is_watched: bool) -> None:
    def request_stop(*_signal: object) -> None:
        webhooks.request_stop()
        worker.request_stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, request_stop)
    if is_watched:
        watch_parent(request_stop)


def release_leases(config: Config, owner: str) -> int:
    """Free what a dead worker of this machine had leased; return how many batches and calls to webhooks."""
    store = open_store(config.database_url)
    with store.writing() as session:
        count = sum(work_queue.release_owner(session, table, owner) for table in (Batch, WebhookCall))
    forget(store, owner)
    store.close()
    return count


def forget(store: Store, owner: str) -> None:
    """Remove a worker that has ended from the list of the living."""
    with store.writing() as session:
        row = session.get(WorkerHeartbeat, owner)
        if row is not None:
            session.delete(row)
