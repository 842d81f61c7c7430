"""The supervisor as an operator meets it: it starts, keeps alive, and stops a web process and its workers."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sitebell.models import Dialect
from sitebell.services.dialects import set_dialects
from sitebell.services.sites import get_site
from support.databases import Databases
from support.installation import Installation
from support.push_service import PushService
from support.waiting import wait_until
from worker.installing import installed

pytestmark = pytest.mark.databases("sqlite")  # no rule of these depends on the kind
Serve = subprocess.Popen[bytes]


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Running:
    """An installation that `sitebell serve` works on, and the port on which it answers."""

    installation: Installation
    port: int
    process: Serve


@contextmanager
def running(installation: Installation) -> Iterator[Running]:
    """Start `sitebell serve`, wait until it answers and its worker lives, and kill it at the end."""
    port = free_port()
    environment = {**os.environ, **installation.settings, "SITEBELL_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "sitebell", "serve"], env=environment)
    try:
        wait_until(lambda: is_ready(port), "the server to be ready", timeout=40)
        yield Running(installation, port, process)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, module_push_service: PushService, sqlite_databases: Databases
) -> Iterator[Running]:
    """One that runs for the whole module, for tests that leave it as well as they found it."""
    folder = tmp_path_factory.mktemp("shared")
    with installed(folder, module_push_service, sqlite_databases) as installation, running(installation) as served:
        yield served


def get(port: int, path: str) -> tuple[int, dict[str, object]]:
    """Return status and JSON body of a GET."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def get_as_pushengage_taught(port: int, api_key: str) -> int:
    """Return the status of a call whose key stands in a header with an underscore, as no other header may."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/apiv1/notifications", headers={"api_key": api_key})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def is_ready(port: int) -> bool:
    """Say whether /readyz answers 200: the web process and a worker are there."""
    try:
        return get(port, "/readyz")[0] == 200
    except OSError:
        return False


def children(process: Serve) -> dict[str, int]:
    """Return the pids of the children, by the command that they run."""
    pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in pids}
    return {command[3].decode(): int(pid) for pid, command in commands.items() if len(command) > 3}


def is_alive(pid: int) -> bool:
    """Say whether a process runs."""
    return Path(f"/proc/{pid}").exists()


@pytest.mark.usefixtures("push_service")
def test_a_message_goes_out_through_serve_alone(shared: Running) -> None:
    """One command is web and worker."""
    (device,) = shared.installation.add_devices(1)

    message = shared.installation.send()

    assert shared.installation.wait_until_finished(message) == {"recipients": 1, "accepted": 1}
    assert len(device.messages) == 1


@pytest.mark.parametrize("kind", ["web", "worker"])
def test_a_process_that_dies_is_started_again(kind: str, shared: Running) -> None:
    victim = children(shared.process)[kind]

    os.kill(victim, signal.SIGKILL)

    wait_until(lambda: children(shared.process).get(kind, victim) != victim, "the restart", timeout=20)
    wait_until(lambda: is_ready(shared.port), "the server to be ready again", timeout=40)


def test_the_leases_of_a_dead_worker_are_returned_at_once(installation: Installation) -> None:
    """With leases of an hour, only the supervisor's word can let the message end."""
    installation.lease_seconds = 3600
    installation.add_devices(900)
    with running(installation) as served:
        installation.push.throttle(300)
        message = installation.send()
        push = installation.push
        push.wait_for(lambda: len(push.requests) >= 150 and push.in_flight, timeout=40)

        os.kill(children(served.process)["worker"], signal.SIGKILL)
        push.throttle(None)

        assert installation.wait_until_finished(message, timeout=40) == {"recipients": 900, "accepted": 900}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_rel_15_a_signal_stops_everything_with_exit_code_0(number: signal.Signals, installation: Installation) -> None:
    with running(installation) as served:
        pids = children(served.process).values()

        served.process.send_signal(number)

        assert served.process.wait(timeout=25) == 0
        assert not any(map(is_alive, pids))


def test_rel_12_a_held_write_lock_stops_neither_reads_nor_the_server(installation: Installation) -> None:
    """Every GET answers, the supervisor outlives a worker that dies, and all goes on when the lock is gone."""
    installation.settings_of_test["SITEBELL_DATABASE_URL"] = f"{installation.url}?timeout=1"
    with running(installation) as served:
        process, port = served.process, served.port
        victim = children(process)["worker"]
        lock = sqlite3.connect(installation.folder / "sitebell.sqlite3", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")

        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: children(process).get("worker", victim) != victim, "the next worker", timeout=30)
        pages = ["/livez", "/v1/openapi.json", f"/v1/sites/{installation.site.token}"]
        statuses = [get(port, page)[0] for page in pages]
        lock.execute("ROLLBACK")
        lock.close()

        assert statuses == [200, 200, 200]
        wait_until(lambda: is_ready(port), "the server to be ready again", timeout=40)
        assert process.poll() is None


def test_no_child_survives_a_killed_supervisor(installation: Installation) -> None:
    """kill -9 of the supervisor must not leave workers that send beside those of the next start."""
    with running(installation) as served:
        pids = list(children(served.process).values())

        served.process.kill()
        served.process.wait()

        wait_until(lambda: not any(map(is_alive, pids)), "the children to end", timeout=25)


def test_a_port_that_is_taken_is_answered_with_the_setting_to_change(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environment = {**os.environ, **installation.settings, "SITEBELL_PORT": str(listener.getsockname()[1])}
        command = [sys.executable, "-m", "sitebell", "serve"]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)

    assert answer.returncode == 1
    assert "SITEBELL_PORT" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_rel_16_slow_clients_do_not_keep_others_waiting(shared: Running) -> None:
    """Three hundred half-sent requests, headers and bodies, cost sockets and not threads."""
    halves = [b"GET /livez HTTP/1.1\r\nHost: x\r\n", b"POST /v1/messages HTTP/1.1\r\nContent-Length: 900\r\n\r\n{"]
    slow = [socket.create_connection(("127.0.0.1", shared.port)) for _ in range(300)]
    for number, connection in enumerate(slow):
        connection.sendall(halves[number % 2])

    status, _ = get(shared.port, "/livez")

    for connection in slow:
        connection.close()
    assert status == 200


def test_the_key_of_a_back_end_that_left_pushengage_arrives(shared: Running) -> None:
    """The web server drops names with an underscore, and `api_key` is what the vendor documents."""
    installation = shared.installation
    with installation.store.writing() as session:
        set_dialects(get_site(session, installation.site.token), [Dialect.PUSHENGAGE])

    assert get_as_pushengage_taught(shared.port, installation.api_key) == 200
    assert get_as_pushengage_taught(shared.port, "nobody's") == 401
