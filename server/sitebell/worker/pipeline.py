"""The stream between database and push services: it hands out requests and writes down answers."""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from sitebell.clock import Clock
from sitebell.db import Store
from sitebell.errors import Invalid
from sitebell.models import Lane, Message, MessageStatus
from sitebell.push.client import Outcome, OutcomeKind, PushRequest
from sitebell.push.endpoint import Endpoint
from sitebell.services import lanes, planner
from sitebell.services.claiming import Claimed, Job, claim_batch, close_batch, has_claimable
from sitebell.services.composing import Composer, MessageComposer
from sitebell.services.settling import Answer, settle

CHECKPOINT = 100  # answers; with as many requests in flight it bounds the duplicates of a killed worker
OPEN_BATCHES = 4
POLL_SECONDS = 0.2
FLUSH_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(eq=False)
class OpenBatch:
    """A leased batch under way."""

    claimed: Claimed
    composer: MessageComposer
    waiting: deque[Job]
    in_flight: int = 0
    answers: list[Answer] = field(default_factory=list)

    @property
    def is_drained(self) -> bool:
        """Nothing is left to send, and nothing is out."""
        return not self.waiting and not self.in_flight


class Pipeline:
    """Feeds a push client and settles what it reports; one thread, memory bound by `OPEN_BATCHES`."""

    def __init__(self, store: Store, composer: Composer, *, owner: str, lease: timedelta, clock: Clock) -> None:
        self._store = store
        self._composer = composer
        self._owner = owner
        self._lease = lease
        self._clock = clock
        self._open: list[OpenBatch] = []
        self._monitor = lanes.LaneMonitor()
        self._lanes: dict[lanes.LaneKey, datetime] = {}
        self._lanes_to_close: list[Lane] = []
        self._unrecorded = 0
        self._next_poll = 0.0
        self._last_flush = time.monotonic()
        self.is_stopping = False

    def next_request(self) -> PushRequest | None:
        """Return the next request to send, or None when there is nothing to do at this moment."""
        while not self.is_stopping:
            batch = next((batch for batch in self._open if batch.waiting), None)
            if batch is None:
                if not self._fetch():
                    return None
                continue
            request = self._compose(batch, batch.waiting.popleft())
            if request is not None:
                batch.in_flight += 1
                return request
        return None

    def done(self, request: PushRequest, outcome: Outcome) -> None:
        """Take in an answer; every hundredth is a checkpoint."""
        batch, job = request.reference
        batch.in_flight -= 1
        site_id = batch.claimed.message.site_id
        lane = self._monitor.observe(site_id, request.endpoint.host, job.subscription_id, outcome, self._clock())
        if lane is not None:
            self._close_lane(lane)
        self._answer(batch, Answer(job, outcome))
        if self._unrecorded >= CHECKPOINT:
            self.flush()
        else:
            self.idle()

    def idle(self) -> None:
        """Write down what has waited for a second; also renews leases and notices a pause."""
        if time.monotonic() - self._last_flush >= FLUSH_SECONDS:
            self.flush()

    def work_is_due(self) -> bool:
        """Say whether a message waits to be planned or a batch to be claimed; does not wait for writers."""
        now = self._clock()
        with self._store.reading() as session:
            return planner.has_plannable(session, now) or has_claimable(session, now)

    def flush(self) -> None:
        """Record every answer, renew the leases and close the batches that are through, in one transaction."""
        self._last_flush = time.monotonic()
        if not self._open:
            return
        now = self._clock()
        with self._store.writing() as session:
            for lane in self._lanes_to_close:
                lanes.close_lane(session, lane)
            kept = [batch for batch in self._open if self._settle(session, batch, now)]
        for batch in self._open:
            batch.answers.clear()
        self._open = kept
        self._lanes_to_close.clear()
        self._unrecorded = 0

    def stop(self) -> None:
        """Give every lease back; call it when no answer will come any more."""
        self.is_stopping = True
        for batch in self._open:
            batch.waiting.clear()
            batch.in_flight = 0
        self.flush()

    def _fetch(self) -> bool:
        """Plan and claim one batch more; False when nothing is due, or when enough batches are open."""
        if len(self._open) >= OPEN_BATCHES:
            self._drop_drained()
        if len(self._open) >= OPEN_BATCHES or time.monotonic() < self._next_poll:
            return False
        claimed = self._claim() if self.work_is_due() else None
        if not claimed:
            self._next_poll = time.monotonic() + POLL_SECONDS
        return claimed is not None

    def _claim(self) -> Claimed | None:
        now = self._clock()
        with self._store.writing() as session:
            planner.plan_batch(session, now)
            claimed = claim_batch(session, owner=self._owner, now=now, lease=self._lease)
            if claimed is None:
                return None
            self._lanes = lanes.closed_lanes(session, now)
            composer = self._composer.open(session, claimed)
        self._open.append(OpenBatch(claimed, composer, deque(claimed.jobs)))
        return claimed

    def _drop_drained(self) -> None:
        if any(batch.is_drained for batch in self._open):
            self.flush()

    def _compose(self, batch: OpenBatch, job: Job) -> PushRequest | None:
        """Return the job's request; a closed lane or an address that is no longer allowed is an answer by itself."""
        now = self._clock()
        try:
            endpoint = self._composer.endpoint(job)
            not_before = self._opens_at(batch.claimed.message, endpoint, now)
            if not_before is None:
                signer = self._composer.signer(job)
                return batch.composer.compose(job, endpoint, signer, now, (batch, job))
            batch.answers.append(Answer(job, None, not_before))
        except Invalid as error:
            batch.answers.append(Answer(job, Outcome(OutcomeKind.invalid, None, None, error.message)))
        return None

    def _opens_at(self, message: Message, endpoint: Endpoint, now: datetime) -> datetime | None:
        return lanes.opens_at(self._lanes, message.site_id, endpoint.host, now)

    def _answer(self, batch: OpenBatch, answer: Answer) -> None:
        batch.answers.append(answer)
        self._unrecorded += 1

    def _close_lane(self, lane: Lane) -> None:
        log.error("lane closed", site=lane.site_id, host=lane.host, until=str(lane.closed_until), reason=lane.reason)
        self._lanes[lane.site_id, lane.host] = lane.closed_until
        self._lanes_to_close.append(lane)

    def _settle(self, session: Session, batch: OpenBatch, now: datetime) -> bool:
        """Write one batch's answers; False when it need not be kept: closed, or lost to another worker."""
        status = settle(session, batch.claimed, batch.answers, now=now, lease=self._lease)
        if status is None:
            log.warning("lease lost", batch=batch.claimed.batch.id)
            batch.waiting.clear()
            return False
        if status is not MessageStatus.SENDING:
            batch.waiting.clear()
        if not batch.is_drained:
            return True
        close_batch(session, batch.claimed, now)
        return False
