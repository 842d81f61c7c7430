"""No message, host or lock may hold up more than its own: large beside small, slow beside fast, locked beside open."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text

from sitebell.services.delivery.planner import BATCH_SIZE
from sitebell.services.messages.lifecycle import cancel_message, resume_message
from sitebell.worker.pipeline import OPEN_BATCHES
from support.installation import Installation


def test_rel_06_a_few_slow_retries_do_not_stop_a_large_message(installation: Installation) -> None:
    """One failing subscription in each of more batches than a worker holds open: everybody else is reached at once."""
    devices = installation.add_devices(BATCH_SIZE * (OPEN_BATCHES + 1))
    for device in devices[::BATCH_SIZE]:
        installation.push.fault(503, count=None, match=device.token)
    message = installation.send()

    installation.drain()

    assert installation.counts(message) == {
        "recipients": len(devices),
        "accepted": len(devices) - OPEN_BATCHES - 1,
        "retrying": OPEN_BATCHES + 1,
    }


def test_a_small_message_does_not_wait_for_a_large_one(installation: Installation) -> None:
    installation.add_devices(2000)
    hashes = [installation.subscriptions()[0].subscriber_hash]
    large = installation.send()
    pipeline = installation.pipeline()
    installation.answer(pipeline, [pipeline.next_request() for _ in range(100)])
    installation.clock.advance(seconds=1)
    small = installation.send(audience={"subscriber_hashes": hashes})

    installation.answer(pipeline, [pipeline.next_request() for _ in range(1000)])
    pipeline.stop()

    assert installation.counts(small) == {"recipients": 1, "accepted": 1}
    assert installation.message(large).status == "sending"


def test_rel_09_cancelling_ends_deliveries_that_wait_for_a_retry(installation: Installation) -> None:
    installation.add_devices(8)
    installation.push.fault(429, {"Retry-After": "21600"}, count=None)
    message = installation.send()
    installation.drain()

    installation.act(cancel_message, message)
    installation.drain()

    assert installation.counts(message) == {"recipients": 8, "cancelled": 8}


def test_a_delivery_that_waits_beyond_its_ttl_ends_with_it(installation: Installation) -> None:
    """A closed lane of six hours does not keep a message of ten minutes open."""
    installation.add_devices(8)
    installation.push.fault(429, {"Retry-After": "21600"}, count=None)
    installation.send(ttl=86_400)
    installation.drain()
    message = installation.send(ttl=600)
    installation.drain()

    installation.clock.advance(minutes=11)
    installation.drain()

    assert installation.counts(message) == {"recipients": 8, "expired": 8}


def test_a_paused_message_ends_when_its_ttl_runs_out(installation: Installation) -> None:
    installation.add_devices(3)
    message = installation.send(ttl=600)
    installation.plan()
    installation.pause(message)

    installation.clock.advance(minutes=11)
    installation.drain()

    assert installation.counts(message) == {"recipients": 3, "expired": 3}
    assert installation.message(message).status == "sent"


def test_rel_06_a_job_that_waited_too_long_in_the_worker_is_not_sent(installation: Installation) -> None:
    installation.add_devices(3)
    message = installation.send(ttl=20)
    pipeline = installation.pipeline()
    installation.answer(pipeline, [pipeline.next_request()])

    installation.clock.advance(seconds=25)
    late = pipeline.next_request()
    pipeline.stop()
    installation.drain()

    assert late is None
    assert installation.counts(message) == {"recipients": 3, "accepted": 1, "expired": 2}


def test_rel_05_resuming_by_hand_keeps_the_protection_from_mass_loss(installation: Installation) -> None:
    devices = installation.add_devices(300)
    installation.send()
    installation.drain()
    for device in devices:
        installation.push.expire(device.token)
    message = installation.send()
    installation.pause(message)
    installation.act(resume_message, message)

    installation.drain()

    assert installation.message(message).status == "paused"


def test_what_replaces_is_what_is_sent_later(installation: Installation) -> None:
    """A message scheduled first for Friday is not replaced by an earlier one that was created later."""
    (device,) = installation.add_devices(1)
    friday = installation.send(replace_key="menu", send_at=installation.clock() + timedelta(hours=4))
    wednesday = installation.send(replace_key="menu", send_at=installation.clock() + timedelta(hours=2))

    installation.clock.advance(hours=3)
    installation.drain()
    installation.clock.advance(hours=2)
    installation.drain()

    assert [installation.counts(message).get("accepted") for message in (wednesday, friday)] == [1, 1]
    assert len(device.messages) == 2


@pytest.mark.databases("sqlite")
def test_rel_12_answers_are_kept_while_an_sqlite_file_is_locked(installation: Installation) -> None:
    """Nothing is lost, nothing more is sent, and the next checkpoint writes it all."""

    def give_up_soon(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout=50")

    event.listen(installation.store.engine, "checkout", give_up_soon)
    with closing(sqlite3.connect(installation.folder / "sitebell.sqlite3", isolation_level=None)) as other:
        check_that_answers_are_kept(
            installation, lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("ROLLBACK")
        )


@pytest.mark.databases("postgresql")
def test_rel_12_answers_are_kept_while_a_table_of_postgresql_is_locked(installation: Installation) -> None:
    """Nothing is lost, nothing more is sent, and the next checkpoint writes it all."""

    def give_up_soon(connection: psycopg.Connection[Any], *_: object) -> None:
        connection.execute("SET lock_timeout = 50")
        connection.commit()

    event.listen(installation.store.engine, "checkout", give_up_soon)
    with installation.store.engine.connect() as other:
        lock = text("LOCK TABLE batch IN ROW EXCLUSIVE MODE; LOCK TABLE delivery IN SHARE ROW EXCLUSIVE MODE")
        check_that_answers_are_kept(installation, lambda: other.execute(lock), other.rollback)


def check_that_answers_are_kept(
    installation: Installation, lock: Callable[[], object], unlock: Callable[[], object]
) -> None:
    """Answer a hundred requests while somebody else keeps the database from writing them down."""
    installation.add_devices(400)
    message = installation.send()
    pipeline = installation.pipeline()
    requests = [pipeline.next_request() for _ in range(100)]
    lock()
    installation.answer(pipeline, requests)
    meanwhile = (pipeline.next_request(), installation.counts(message).get("accepted"))
    unlock()
    pipeline.flush()
    after = (pipeline.next_request() is not None, installation.counts(message)["accepted"])
    pipeline.stop()

    assert (meanwhile, after) == ((None, None), (True, 100))
