"""Claim and lease: the promises that a table with due rows makes as a queue."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from sitebell import work_queue
from sitebell.models import Batch
from sitebell.push.client import Outcome, OutcomeKind
from sitebell.services.delivery.claiming import claim_batch, close_batch
from sitebell.services.delivery.settling import Answer, settle
from support.installation import Installation

LEASE = timedelta(seconds=30)


@pytest.fixture
def message(installation: Installation) -> str:
    """A message to eight subscriptions, planned as one batch."""
    installation.add_devices(8)
    public_id = installation.send()
    installation.plan()
    return public_id


def claim(installation: Installation, session: Session, owner: str) -> Batch | None:
    """Claim a batch by the stopped clock."""
    return work_queue.claim(session, Batch, owner=owner, now=installation.clock(), lease=LEASE)


@pytest.mark.usefixtures("message")
def test_a_claimed_row_is_nobody_elses_until_its_lease_runs_out(installation: Installation) -> None:
    with installation.store.writing() as session:
        first = claim(installation, session, "a")
    with installation.store.writing() as session:
        meanwhile = claim(installation, session, "b")
    installation.clock.advance(seconds=31)
    with installation.store.writing() as session:
        later = claim(installation, session, "b")

    assert first is not None
    assert meanwhile is None
    assert later is not None
    assert later.crashes == 0


@pytest.mark.usefixtures("message")
def test_rel_04_who_lost_the_lease_can_neither_renew_nor_release(installation: Installation) -> None:
    """The fencing token of the second claim shuts the first one out."""
    now = installation.clock()
    with installation.store.writing() as session:
        first = claim(installation, session, "a")
    installation.clock.advance(seconds=31)
    with installation.store.writing() as session:
        second = claim(installation, session, "b")

    assert first is not None
    assert second is not None
    with installation.store.writing() as session:
        assert not work_queue.renew(session, first, now=now, lease=LEASE, has_progressed=True)
        assert not work_queue.release(session, first, due_at=None)
        assert work_queue.release(session, second, due_at=None)


@pytest.mark.usefixtures("message")
def test_a_finished_row_is_never_claimed_again(installation: Installation) -> None:
    with installation.store.writing() as session:
        row = claim(installation, session, "a")
        assert row is not None
        work_queue.release(session, row, due_at=None)

    installation.clock.advance(days=1)
    with installation.store.writing() as session:
        assert claim(installation, session, "b") is None


@pytest.mark.usefixtures("message")
def test_the_rows_of_a_dead_owner_are_free_at_once(installation: Installation) -> None:
    with installation.store.writing() as session:
        claim(installation, session, "dead")
    with installation.store.writing() as session:
        freed = work_queue.release_owner(session, Batch, "dead")
    with installation.store.writing() as session:
        row = claim(installation, session, "b")

    assert freed == 1
    assert row is not None


def work_until_it_crashes(installation: Installation, poison: int) -> None:
    """Send one batch whole, unless it holds the delivery that kills its worker."""
    now = installation.clock()
    with installation.store.writing() as session:
        claimed = claim_batch(session, owner="a", now=now, lease=LEASE)
        if claimed is not None:
            work_queue.begin(session, claimed.batch)
    if claimed is None or any(job.subscription_id == poison for job in claimed.jobs):
        return
    answers = [Answer(job, Outcome(OutcomeKind.accepted, 201)) for job in claimed.jobs]
    with installation.store.writing() as session:
        settle(session, claimed, answers, now=now, lease=LEASE)
        close_batch(session, claimed, now)


def test_rel_18_a_delivery_that_kills_its_workers_fails_alone(installation: Installation, message: str) -> None:
    """Three crashes halve a batch, until the culprit is by itself; the others are sent."""
    poison = installation.subscriptions()[3].id

    for _ in range(40):
        work_until_it_crashes(installation, poison)
        installation.clock.advance(seconds=31)

    assert installation.counts(message) == {"recipients": 8, "accepted": 7, "failed": 1}
    assert installation.message(message).status == "sent"


def test_rel_18_a_batch_that_makes_progress_between_crashes_stays_whole(
    installation: Installation, message: str
) -> None:
    """A machine that is rebooted all the time is no reason to give up on deliveries."""
    for _ in range(6):
        with installation.store.writing() as session:
            claimed = claim_batch(session, owner="a", now=installation.clock(), lease=LEASE)
            assert claimed is not None
            work_queue.begin(session, claimed.batch)
            answer = Answer(claimed.jobs[0], Outcome(OutcomeKind.accepted, 201))
            settle(session, claimed, [answer], now=installation.clock(), lease=LEASE)
        installation.clock.advance(seconds=31)

    assert installation.counts(message) == {"recipients": 8, "accepted": 6, "pending": 2}


def test_rel_18_a_batch_that_was_only_leased_is_not_blamed_for_a_crash(
    installation: Installation, message: str
) -> None:
    """A worker that dies at its start over and over, out of memory for one, must not fail a single delivery."""
    for _ in range(20):
        with installation.store.writing() as session:
            claim_batch(session, owner="a", now=installation.clock(), lease=LEASE)
        installation.clock.advance(seconds=31)

    installation.drain()

    assert installation.counts(message) == {"recipients": 8, "accepted": 8}
