"""The other stream of a worker: calls to webhooks, with a thread and connections of their own (SEC-07).

A receiver that is slow or dead holds up neither pushes nor, beyond its share, other receivers.
"""

import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.exc import OperationalError

from sitebell import work_queue
from sitebell.clock import Clock
from sitebell.db import Store
from sitebell.models import WebhookCall
from sitebell.push.client import Outcome, OutcomeKind, PushClient, SignedRequest
from sitebell.push.endpoint import read_url
from sitebell.services.vault import Vault
from sitebell.services.webhooks.calls import (
    Claimed,
    claim_call,
    form_calls,
    has_due_calls,
    has_waiting_events,
    settle_call,
)

CALLS_AT_ONCE = 32
CALLS_OF_ONE_WEBHOOK = 4
POLL_SECONDS = 1.0  # the time that events have to gather into one call

log = structlog.get_logger()


def open_client(**options: Any) -> PushClient:
    """Return a client for calls to webhooks; `options` are those of `PushClient`."""
    return PushClient(in_flight=CALLS_AT_ONCE, hopes_for_http2=False, **options)


class WebhookPipeline:
    """Feeds a client with calls and writes down what it reports; one thread, at most 32 calls in memory."""

    def __init__(self, store: Store, vault: Vault, *, owner: str, lease: timedelta, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._owner = owner
        self._lease = lease
        self._clock = clock
        self._ready: list[Claimed] = []
        self._out: dict[int, WebhookCall] = {}
        self._answers: list[tuple[WebhookCall, Outcome]] = []
        self._next_poll = 0.0
        self._next_renewal = 0.0
        self._has_room_again = False
        self.is_stopping = False

    def next_request(self) -> SignedRequest | None:
        """Return the next call to make, or None when there is nothing to do at this moment."""
        if self.is_stopping or self._answers:
            return None
        if not self._ready:
            self._fetch()
        if not self._ready:
            return None
        claimed = self._ready.pop()
        return SignedRequest(read_url(claimed.url), claimed.body, claimed.headers, reference=claimed.call)

    def done(self, request: SignedRequest, outcome: Outcome) -> None:
        """Take in an answer and write it down, unless the database takes no writes: then it is tried again."""
        self._answers.append((request.reference, outcome))
        self.flush()

    def idle(self) -> None:
        """Write down what could not be written before, and keep the leases of what is under way."""
        self.flush()
        if self._out and time.monotonic() >= self._next_renewal:
            self._renew()

    def work_is_due(self) -> bool:
        """Say whether events wait to become a call or a call waits to be made; does not wait for writers."""
        with self._store.reading() as session:
            now = self._clock()
            return has_due_calls(session, now) or has_waiting_events(session, now)

    def flush(self) -> None:
        """Record every answer."""
        if not self._answers:
            return
        try:
            with self._store.writing() as session:
                now = self._clock()
                for call, outcome in sorted(self._answers, key=lambda answer: answer[0].webhook_id):
                    if not settle_call(session, call, outcome, now):
                        log.warning("lease of a webhook call lost", call=call.public_id)
        except OperationalError as error:
            log.warning("answers of webhooks cannot be written yet", reason=str(error.orig))
            return
        for call, outcome in self._answers:
            self._out.pop(call.id, None)
            if outcome.kind is not OutcomeKind.accepted:
                log.info("webhook call failed", call=call.public_id, status=outcome.status)
        self._answers.clear()
        self._has_room_again = True

    def give_back(self) -> None:
        """Forget what is held and return its leases; what was not written down by now is done again."""
        self._ready, self._out, self._answers = [], {}, []
        try:
            with self._store.writing() as session:
                work_queue.release_owner(session, WebhookCall, self._owner)
        except OperationalError as error:
            log.warning("leases of webhook calls run out by themselves", reason=str(error.orig))

    def _fetch(self) -> None:
        """Once a second make calls of what waits; claim what is due then, and whenever a call was settled."""
        is_time_to_form = time.monotonic() >= self._next_poll
        if not (is_time_to_form or self._has_room_again):
            return
        self._has_room_again = False
        try:
            if is_time_to_form:
                self._next_poll = time.monotonic() + POLL_SECONDS
                self._form()
            with self._store.reading() as session:
                is_due = has_due_calls(session, self._clock())
            if is_due:
                self._claim()
        except OperationalError as error:
            log.warning("no webhook call can be claimed yet", reason=str(error.orig))

    def _form(self) -> None:
        with self._store.reading() as session:
            has_waiting = has_waiting_events(session, self._clock())
        if has_waiting:
            with self._store.writing() as session:
                form_calls(session, self._clock())

    def _claim(self) -> None:
        with self._store.writing() as session:
            now, claimed = self._clock(), list[Claimed]()
            held = Counter(call.webhook_id for call in self._out.values())
            while len(self._out) + len(claimed) < CALLS_AT_ONCE:
                busy = [webhook_id for webhook_id, count in held.items() if count >= CALLS_OF_ONE_WEBHOOK]
                one = claim_call(session, self._vault, owner=self._owner, now=now, lease=self._lease, busy=busy)
                if one is None:
                    break
                held[one.call.webhook_id] += 1
                claimed.append(one)
        self._out |= {one.call.id: one.call for one in claimed}
        self._ready = claimed[::-1]

    def _renew(self) -> None:
        self._next_renewal = time.monotonic() + self._lease.total_seconds() / 3
        try:
            with self._store.writing() as session:
                for call in self._out.values():
                    work_queue.renew(session, call, now=self._clock(), lease=self._lease, has_progressed=False)
        except OperationalError as error:
            log.warning("leases of webhook calls cannot be renewed yet", reason=str(error.orig))


class WebhookThread(threading.Thread):
    """Runs a pipeline of webhook calls until `request_stop`; an unforeseen failure is logged and outlived."""

    def __init__(self, pipeline: WebhookPipeline, client: PushClient) -> None:
        super().__init__(name="sitebell-webhooks", daemon=True)
        self._pipeline = pipeline
        self._client = client
        self._stop_requested = threading.Event()

    def run(self) -> None:
        """Make calls; at the end let those under way end, write them down and give the leases back."""
        while not self._stop_requested.is_set():
            try:
                self._client.run(self._pipeline.next_request, self._pipeline.done, self._pipeline.idle)
            except Exception:
                log.exception("webhooks stumbled")
                self._pipeline.give_back()
            self._stop_requested.wait(POLL_SECONDS)
        self._pipeline.flush()
        self._pipeline.give_back()
        self._client.close()

    def request_stop(self) -> None:
        """Make no new calls from now on; safe in a signal handler."""
        self._pipeline.is_stopping = True
        self._stop_requested.set()
