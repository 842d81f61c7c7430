"""The stream between database and push services: it hands out requests and writes down answers."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from operator import attrgetter
from time import monotonic

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sitebell import work_queue
from sitebell.clock import Clock
from sitebell.db import Store
from sitebell.models import Lane, MessageStatus
from sitebell.push.client import Outcome, OutcomeKind, PushRequest
from sitebell.services.delivery import lanes, planner
from sitebell.services.delivery.claiming import Claimed, Job, claim_batch, close_batch, fail_message, has_claimable
from sitebell.services.delivery.composing import Composer
from sitebell.services.delivery.settling import Answer, lock_rows, settle
from sitebell.worker.faults import explain
from sitebell.worker.open_batch import OpenBatch

CHECKPOINT = 100  # answers; with as many requests in flight it bounds the duplicates of a killed worker
OPEN_BATCHES = 4
DEFERRED_AT_ONCE = 500
STEPS_AT_ONCE = 20  # of planning that found nobody: a rare match takes many, and none has to wait for the next poll
POLL_SECONDS = 0.2
FLUSH_SECONDS = 1.0
Timer = Callable[[], float]  # seconds

log = structlog.get_logger()


class Pipeline:
    """Feeds a push client and settles its reports; one thread, memory bound by `OPEN_BATCHES`, polls by `steady`."""

    def __init__(
        self, store: Store, composer: Composer, *, owner: str, lease: timedelta, clock: Clock, steady: Timer = monotonic
    ) -> None:
        self._store = store
        self._composer = composer
        self._owner = owner
        self._lease = lease
        self._clock = clock
        self._steady = steady
        self._open: list[OpenBatch] = []
        self._monitor = lanes.LaneMonitor()
        self._lanes: dict[lanes.LaneKey, datetime] = {}
        self._lanes_to_close: list[Lane] = []
        self._unrecorded = 0
        self._next_poll = 0.0
        self._last_flush = self._steady()
        self.is_stopping = False

    def next_request(self) -> PushRequest | None:
        """Return the next request to send, or None when there is nothing to do at this moment."""
        deferred = steps = 0
        while not self.is_stopping and self._unrecorded < CHECKPOINT and deferred < DEFERRED_AT_ONCE:
            batch = next((batch for batch in self._open if batch.waiting), None)
            if batch is None:
                steps += 1
                if steps > STEPS_AT_ONCE or not self._fetch():
                    return None
                continue
            if not self._begin(batch):
                return None
            if not batch.cleared:
                if not self._look_again(batch):
                    return None
                continue
            request = self._compose(batch, batch.take())
            if request is not None:
                batch.in_flight += 1
                return request
            deferred += 1
        return None

    def done(self, request: PushRequest, outcome: Outcome) -> None:
        """Take in an answer; every hundredth is a checkpoint."""
        batch, job = request.reference
        batch.in_flight -= 1
        site_id = batch.claimed.message.site_id
        lane = self._monitor.observe(site_id, request.endpoint.host, job.subscription_id, outcome, self._clock())
        if lane is not None:
            self._close_lane(lane)
        batch.answers.append(Answer(job, outcome))
        self._unrecorded += 1
        if self._unrecorded == CHECKPOINT:
            self.flush()
        else:
            self.idle()

    def idle(self) -> None:
        """Write down what has waited for a second; also renews leases and notices a pause."""
        if self._steady() - self._last_flush >= FLUSH_SECONDS:
            self.flush()

    def work_is_due(self) -> bool:
        """Say whether a message waits to be planned or a batch to be claimed; does not wait for writers."""
        now = self._clock()
        with self._store.reading() as session:
            return planner.has_plannable(session, now) or has_claimable(session, now)

    def flush(self) -> None:
        """Record every answer, renew the leases and close the batches that are through, in one transaction.

        What waits in memory is looked at again: who may not get it any more is skipped.
        When the database does not take it (locked, full, deadlocked, restarted), everything is kept for the next
        time, and nothing more is sent until then: the window holds.
        """
        self._last_flush = self._steady()
        if not self._open:
            return
        try:
            with self._store.writing() as session:
                kept = self._settle_all(session, self._clock())
        except OperationalError as error:
            log.warning("answers cannot be written yet", reason=str(error.orig))
            return
        for batch in self._open:
            batch.answers.clear()
            if batch.is_ended or batch not in kept:
                batch.waiting.clear()
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
        """Plan one step and claim one batch more; False when nothing is due, or when enough batches are open."""
        if len(self._open) >= OPEN_BATCHES:
            self._drop_drained()
        if len(self._open) >= OPEN_BATCHES or self._steady() < self._next_poll:
            return False
        self._next_poll = self._steady() + POLL_SECONDS
        try:
            is_due = self.work_is_due() and self._claim()
        except OperationalError as error:
            log.warning("no work can be claimed yet", reason=str(error.orig))
            return False
        if is_due:
            self._next_poll = 0.0
        return is_due

    def _begin(self, batch: OpenBatch) -> bool:
        """Note that a batch is being sent before its first request, so that a crash is blamed on the right one."""
        if batch.is_begun:
            return True
        try:
            with self._store.writing() as session:
                batch.is_begun = work_queue.begin(session, batch.claimed.batch)
        except OperationalError as error:
            log.warning("a batch cannot be begun yet", reason=str(error.orig))
            return False
        if not batch.is_begun:
            batch.waiting.clear()
        return batch.is_begun

    def _look_again(self, batch: OpenBatch) -> bool:
        """Look at what waits between two checkpoints, when much was handed over since the last, as at the beginning."""
        try:
            with self._store.reading() as session:
                batch.look_again(session)
        except OperationalError as error:
            log.warning("a batch cannot be looked at again yet", reason=str(error.orig))
            return False
        return True

    def _claim(self) -> bool:
        with self._store.writing() as session:
            now = self._clock()
            has_planned = planner.plan_batch(session, now)
            claimed = claim_batch(session, owner=self._owner, now=now, lease=self._lease)
            if claimed is None:
                return has_planned
            self._lanes = lanes.closed_lanes(session, now)
            batch = self._opened(session, claimed, now)
        if batch is not None:
            self._open.append(batch)
        return True

    def _opened(self, session: Session, claimed: Claimed, now: datetime) -> OpenBatch | None:
        """Prepare a batch; a message that cannot be composed at all fails, instead of stopping the worker for ever."""
        try:
            return OpenBatch(claimed, self._composer.open(session, claimed), deque(claimed.jobs))
        except Exception as error:  # noqa: BLE001  (the other messages go on, whatever is wrong with this one)
            reason = explain(error, claimed.message)
            log.error("message failed", message=claimed.message.public_id, reason=reason)  # noqa: TRY400
            fail_message(session, claimed.message, reason, now)
            close_batch(session, claimed, now)
            return None

    def _drop_drained(self) -> None:
        if any(batch.is_drained for batch in self._open):
            self.flush()

    def _compose(self, batch: OpenBatch, job: Job) -> PushRequest | None:
        """Return the job's request; a closed lane or an address that is no longer allowed is an answer by itself."""
        now = self._clock()
        if now >= batch.claimed.message.expires_at:
            return None  # it stays open, and the next claim of its batch ends it as expired
        try:
            endpoint = self._composer.endpoint(job)
            not_before = lanes.opens_at(self._lanes, batch.claimed.message.site_id, endpoint.host, now)
            if not_before is None:
                signer = self._composer.signer(job)
                return batch.composer.compose(job, endpoint, signer, now, (batch, job))
            batch.answers.append(Answer(job, None, not_before))
        except Exception as error:  # noqa: BLE001  (a fault at one recipient fails that one only)
            outcome = Outcome(OutcomeKind.invalid, None, None, explain(error, batch.claimed.message))
            batch.answers.append(Answer(job, outcome))
        return None

    def _close_lane(self, lane: Lane) -> None:
        log.error("lane closed", site=lane.site_id, host=lane.host, until=str(lane.closed_until), reason=lane.reason)
        key = (lane.site_id, lane.host)
        self._lanes[key] = max(lane.closed_until, self._lanes.get(key, lane.closed_until))
        self._lanes_to_close.append(lane)

    def _settle_all(self, session: Session, now: datetime) -> list[OpenBatch]:
        """Write every batch's answers; return the batches that go on. One order for all workers, or they deadlock."""
        lock_rows(session, [(batch.claimed, batch.answers) for batch in self._open])
        kept = [batch for batch in sorted(self._open, key=attrgetter("order")) if self._settle(session, batch, now)]
        for lane in self._lanes_to_close:
            lanes.close_lane(session, lane)
        return kept

    def _settle(self, session: Session, batch: OpenBatch, now: datetime) -> bool:
        """Write one batch's answers; False when nothing more of it is to be sent: closed, ended, or lost."""
        batch.look_again(session)
        status = settle(session, batch.claimed, batch.answers, now=now, lease=self._lease)
        if status is None:
            log.warning("lease lost", batch=batch.claimed.batch.id)
            return False
        if batch.in_flight or (batch.waiting and status is MessageStatus.SENDING):
            batch.is_ended = status is not MessageStatus.SENDING
            return True
        close_batch(session, batch.claimed, now)
        return False
