"""Workers that are killed, stopped and frozen in the middle of a message: nothing lost, nothing written twice."""

import math
import os
import random
import secrets
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime

import pytest
from sqlalchemy import text

from sitebell.config import load_config
from sitebell.worker import release_leases
from support.installation import Installation
from support.loaded_process import LoadedProcess
from support.push_service import PushService, Subscriber
from support.waiting import wait_until

RECIPIENTS = 5000
KILLS = 20
WINDOW = 200
Worker = Callable[[Installation, str], LoadedProcess]


@pytest.fixture
def fork_worker() -> Iterator[Worker]:
    """Starts worker processes by name, and ends those that are left."""
    started: list[LoadedProcess] = []

    def start(installation: Installation, name: str) -> LoadedProcess:
        started.append(installation.fork_worker(name))
        return started[-1]

    yield start
    for process in started:
        with process:  # closes its standard input and waits
            process.kill()


@pytest.fixture
def worker(installation: Installation) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process, started as `serve` starts its own."""
    with installation.start_worker("worker") as process:
        yield process
        process.kill()


def wait_for_progress(push: PushService, requests: int) -> None:
    """Wait until the push service has been asked so many times more and has requests under way."""
    goal = len(push.requests) + requests
    push.wait_for(lambda: len(push.requests) >= goal and push.in_flight, timeout=60)


def duplicates(installation: Installation) -> int:
    """Count the notifications beyond the first that a push service accepted for a subscription."""
    endpoints = [message.subscription.token for message in installation.push.history]
    return len(endpoints) - len(set(endpoints))


def unrecorded(installation: Installation, message: str) -> int:
    """Count the subscriptions whose push service accepted a message that their delivery does not know of."""
    accepted = {message.subscription.token for message in installation.push.history}
    return len(accepted) - installation.counts(message).get("accepted", 0)


def under_way(push: PushService, devices: list[Subscriber], requests: int) -> bool:
    """Say whether the push service was asked so often for these devices and has not answered each time."""
    tokens = {device.token for device in devices}
    ours = [request.status for request in push.requests if request.path.rpartition("/")[2] in tokens]
    return len(ours) >= requests and None in ours


def freeze(installation: Installation, worker: LoadedProcess) -> None:
    """Stop a worker between two transactions: in one it would go on holding its locks, and SQLite has but one."""

    def is_frozen_outside() -> bool:
        worker.send_signal(signal.SIGSTOP)
        wait_until(lambda: worker.is_stopped, "the worker to stand still")
        if is_free(installation):
            return True
        worker.send_signal(signal.SIGCONT)
        return False

    wait_until(is_frozen_outside, "the worker to stand still outside of a transaction")


def is_free(installation: Installation) -> bool:
    """Say whether nobody else is in a transaction that writes (SQLite), or in any (PostgreSQL)."""
    if installation.store.engine.dialect.name == "postgresql":
        others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with installation.store.engine.connect() as connection:
            return connection.scalar(text(f"{others} AND xact_start IS NOT NULL")) is None
    with closing(sqlite3.connect(installation.folder / "sitebell.sqlite3", timeout=0)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
    return True


def finished_rows(installation: Installation, message: str) -> list[tuple[int, datetime | None]]:
    """Wait until a message is finished; return when each of its deliveries was."""
    installation.wait_until_finished(message)
    return [(row.subscription_id, row.finished_at) for row in installation.deliveries(message)]


def test_rel_01_killed_twenty_times_nothing_is_lost(installation: Installation, fork_worker: Worker) -> None:
    """kill -9 with requests in flight, 20 times in 5,000 recipients: one final row each, bounded duplicates."""
    seed = int(os.environ.get("CRASH_SEED") or secrets.randbits(32))
    print(f"seed {seed}: set CRASH_SEED={seed} to kill at the same places")
    dice = random.Random(seed)
    devices = installation.add_devices(RECIPIENTS)
    installation.push.throttle(500)
    message = installation.send()
    config = load_config(installation.settings)

    for kill in range(KILLS):
        before = unrecorded(installation, message)
        worker = fork_worker(installation, f"victim-{kill}")
        wait_for_progress(installation.push, dice.randint(1, 500))
        worker.kill()
        worker.wait()
        assert unrecorded(installation, message) - before <= WINDOW
        if dice.random() < 0.8:  # what `serve` does for a child; the other leases have to run out
            release_leases(config, f"victim-{kill}")
    installation.push.throttle(None)
    fork_worker(installation, "survivor")
    counts = installation.wait_until_finished(message, timeout=90)

    doubled = duplicates(installation)
    print(f"{doubled} duplicates in {KILLS} kills")
    assert counts == {"recipients": RECIPIENTS, "accepted": RECIPIENTS}
    assert all(device.messages for device in devices)
    assert doubled <= KILLS * WINDOW


def test_rel_04_a_frozen_worker_that_wakes_up_writes_nothing(
    installations: list[Installation], push_service: PushService, fork_worker: Worker
) -> None:
    """SIGSTOP past the lease, another worker finishes, SIGCONT: the rows stay as they were."""
    push_service.throttle(200)
    devices = [installation.add_devices(300) for installation in installations]
    messages = [installation.send() for installation in installations]
    frozen = [fork_worker(installation, "frozen") for installation in installations]
    push_service.wait_for(lambda: all(under_way(push_service, some, 20) for some in devices), timeout=60)
    for installation, worker in zip(installations, frozen, strict=True):
        freeze(installation, worker)
    push_service.throttle(None)
    for installation in installations:
        fork_worker(installation, "other")
    before = [finished_rows(*sent) for sent in zip(installations, messages, strict=True)]

    for worker in frozen:
        worker.send_signal(signal.SIGCONT)
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=25)

    assert [finished_rows(*sent) for sent in zip(installations, messages, strict=True)] == before
    for installation, message in zip(installations, messages, strict=True):
        assert installation.counts(message) == {"recipients": 300, "accepted": 300}


def test_rel_15_a_stopped_worker_records_what_it_sent_and_gives_its_leases_back(
    installation: Installation, worker: subprocess.Popen[bytes]
) -> None:
    """SIGTERM in the middle: exit 0 within 20 s, every accepted push is recorded, and the rest is free at once."""
    installation.add_devices(1500)
    installation.push.throttle(300)
    message = installation.send()
    wait_for_progress(installation.push, 100)

    worker.terminate()
    status = worker.wait(timeout=20)

    counts = installation.counts(message)
    assert status == 0
    assert counts["accepted"] == len(installation.push.history)
    assert counts["accepted"] < 1500
    assert installation.pipeline().work_is_due()


def test_rel_15_a_silent_push_service_does_not_delay_the_stop(
    installations: list[Installation], push_service: PushService, fork_worker: Worker
) -> None:
    """Requests that nobody answers are given up, and their deliveries are free for the next worker."""
    devices = [installation.add_devices(250) for installation in installations]
    push_service.fault(201, count=None, delay=math.inf)
    messages = [installation.send() for installation in installations]
    workers = [fork_worker(installation, "stopped") for installation in installations]
    push_service.wait_for(lambda: all(under_way(push_service, some, 1) for some in devices), timeout=40)

    for worker in workers:
        worker.terminate()
    statuses = [worker.wait(timeout=20) for worker in workers]
    push_service.clear_faults()
    for installation in installations:
        installation.clock.advance(minutes=10)
        installation.drain()

    assert statuses == [0, 0]
    for installation, message in zip(installations, messages, strict=True):
        assert installation.counts(message) == {"recipients": 250, "accepted": 250}


def test_rel_15_the_next_worker_goes_on_where_the_stopped_one_ended(
    installation: Installation, fork_worker: Worker
) -> None:
    """No message twice, none missing, after a graceful stop."""
    devices = installation.add_devices(600)
    installation.push.throttle(300)
    message = installation.send()
    first = fork_worker(installation, "first")
    wait_for_progress(installation.push, 100)
    first.terminate()
    first.wait(timeout=20)
    installation.push.throttle(None)

    fork_worker(installation, "second")
    installation.wait_until_finished(message)

    assert [len(device.messages) for device in devices] == [1] * 600


def test_a_worker_says_that_it_lives_and_when_it_ends(
    installation: Installation, worker: subprocess.Popen[bytes]
) -> None:
    """The heartbeat appears, and is gone after a graceful stop."""
    wait_until(lambda: "worker" in installation.living_workers(), "the heartbeat")

    worker.terminate()
    worker.wait(timeout=20)

    assert installation.living_workers() == []


def test_a_supervised_worker_ends_when_its_supervisor_is_gone(
    installation: Installation, worker: subprocess.Popen[bytes]
) -> None:
    """The supervisor holds the other end of its standard input: even kill -9 of it leaves no orphan."""
    wait_until(lambda: "worker" in installation.living_workers(), "the heartbeat")

    assert worker.stdin is not None
    worker.stdin.close()

    assert worker.wait(timeout=20) == 0
