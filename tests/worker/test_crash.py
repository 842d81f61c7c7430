"""Workers that are killed, stopped and frozen in the middle of a message: nothing lost, nothing written twice."""

import math
import os
import random
import secrets
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from sitebell.config import load_config
from sitebell.worker import release_leases
from support.installation import Installation
from support.waiting import wait_until

RECIPIENTS = 5000
KILLS = 20
WINDOW = 200
WorkerProcess = subprocess.Popen[bytes]


@pytest.fixture
def start_worker(installation: Installation) -> Iterator[Callable[[str], WorkerProcess]]:
    """Starts worker processes by name, and ends those that are left."""
    started: list[WorkerProcess] = []

    def start(name: str) -> WorkerProcess:
        started.append(installation.start_worker(name))
        return started[-1]

    yield start
    for process in started:
        with process:  # closes its standard input and waits
            process.kill()


def wait_for_progress(installation: Installation, requests: int) -> None:
    """Wait until the push service has been asked so many times more and has requests under way."""
    push = installation.push
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


def test_rel_01_killed_twenty_times_nothing_is_lost(
    installation: Installation, start_worker: Callable[[str], WorkerProcess]
) -> None:
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
        worker = start_worker(f"victim-{kill}")
        wait_for_progress(installation, dice.randint(1, 500))
        worker.kill()
        worker.wait()
        assert unrecorded(installation, message) - before <= WINDOW
        if dice.random() < 0.8:  # what `serve` does for a child; the other leases have to run out
            release_leases(config, f"victim-{kill}")
    installation.push.throttle(None)
    start_worker("survivor")
    counts = installation.wait_until_finished(message, timeout=90)

    doubled = duplicates(installation)
    print(f"{doubled} duplicates in {KILLS} kills")
    assert counts == {"recipients": RECIPIENTS, "accepted": RECIPIENTS}
    assert all(device.messages for device in devices)
    assert doubled <= KILLS * WINDOW


def test_rel_04_a_frozen_worker_that_wakes_up_writes_nothing(
    installation: Installation, start_worker: Callable[[str], WorkerProcess]
) -> None:
    """SIGSTOP past the lease, another worker finishes, SIGCONT: the rows stay as they were."""
    installation.add_devices(300)
    installation.push.throttle(100)
    message = installation.send()
    frozen = start_worker("frozen")
    wait_for_progress(installation, 20)
    frozen.send_signal(signal.SIGSTOP)
    installation.push.throttle(None)
    start_worker("other")
    installation.wait_until_finished(message)
    before = [(row.subscription_id, row.finished_at) for row in installation.deliveries(message)]

    frozen.send_signal(signal.SIGCONT)
    frozen.send_signal(signal.SIGTERM)
    frozen.wait(timeout=25)

    assert [(row.subscription_id, row.finished_at) for row in installation.deliveries(message)] == before
    assert installation.counts(message) == {"recipients": 300, "accepted": 300}


def test_rel_15_a_stopped_worker_records_what_it_sent_and_gives_its_leases_back(
    installation: Installation, start_worker: Callable[[str], WorkerProcess]
) -> None:
    """SIGTERM in the middle: exit 0 within 20 s, every accepted push is recorded, and the rest is free at once."""
    installation.add_devices(1500)
    installation.push.throttle(300)
    message = installation.send()
    worker = start_worker("stopped")
    wait_for_progress(installation, 100)

    worker.terminate()
    status = worker.wait(timeout=20)

    counts = installation.counts(message)
    assert status == 0
    assert counts["accepted"] == len(installation.push.history)
    assert counts["accepted"] < 1500
    assert installation.pipeline().work_is_due()


def test_rel_15_a_silent_push_service_does_not_delay_the_stop(
    installation: Installation, start_worker: Callable[[str], WorkerProcess]
) -> None:
    """Requests that nobody answers are given up, and their deliveries are free for the next worker."""
    installation.add_devices(250)
    installation.push.fault(201, count=None, delay=math.inf)
    message = installation.send()
    worker = start_worker("stopped")
    installation.push.wait_for(lambda: installation.push.in_flight, timeout=40)

    worker.terminate()
    status = worker.wait(timeout=20)
    installation.push.clear_faults()
    installation.clock.advance(minutes=10)
    installation.drain()

    assert status == 0
    assert installation.counts(message) == {"recipients": 250, "accepted": 250}


def test_rel_15_the_next_worker_goes_on_where_the_stopped_one_ended(
    installation: Installation, start_worker: Callable[[str], WorkerProcess]
) -> None:
    """No message twice, none missing, after a graceful stop."""
    devices = installation.add_devices(600)
    installation.push.throttle(300)
    message = installation.send()
    first = start_worker("first")
    wait_for_progress(installation, 100)
    first.terminate()
    first.wait(timeout=20)
    installation.push.throttle(None)

    start_worker("second")
    installation.wait_until_finished(message)

    assert [len(device.messages) for device in devices] == [1] * 600


def test_a_worker_says_that_it_lives_and_when_it_ends(
    installation: Installation, start_worker: Callable[[str], WorkerProcess]
) -> None:
    """The heartbeat appears, and is gone after a graceful stop."""
    worker = start_worker("alive")
    wait_until(lambda: "alive" in installation.living_workers(), "the heartbeat")

    worker.terminate()
    worker.wait(timeout=20)

    assert installation.living_workers() == []


def test_a_supervised_worker_ends_when_its_supervisor_is_gone(
    installation: Installation, start_worker: Callable[[str], WorkerProcess]
) -> None:
    """The supervisor holds the other end of its standard input: even kill -9 of it leaves no orphan."""
    worker = start_worker("orphan")
    wait_until(lambda: "orphan" in installation.living_workers(), "the heartbeat")

    assert worker.stdin is not None
    worker.stdin.close()

    assert worker.wait(timeout=20) == 0
