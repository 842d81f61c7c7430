"""Names are looked up beside the loop, once, and nobody waits for a name server for ever."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from sitebell.push.names import Lookup, Names, resolve

HOST = "fcm.googleapis.com"


class NameServer:
    """A resolver that answers what it is told to, and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: list[list[str] | Exception] = []
        self.hanging: set[str] = set()
        self.recovered = threading.Event()

    def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        if host in self.hanging:
            assert self.recovered.wait(10)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def server() -> NameServer:
    return NameServer()


@pytest.fixture
def woken() -> threading.Semaphore:
    return threading.Semaphore(0)


@pytest.fixture
def names(server: NameServer, woken: threading.Semaphore) -> Iterator[Names]:
    subject = Names(server, patience=5.0, wake=woken.release)
    yield subject
    server.recovered.set()
    subject.close()


@pytest.fixture
def found(names: Names, woken: threading.Semaphore) -> Callable[[str, float], Lookup]:
    """Look a name up and wait until it is there."""

    def find(host: str, now: float) -> Lookup:
        lookup = names.find(host, now)
        if lookup is None:
            assert woken.acquire(timeout=10)
            lookup = names.find(host, now)
        assert lookup is not None
        return lookup

    return find


Find = Callable[[str, float], Lookup]


def test_a_name_is_asked_once_and_kept_for_a_minute(server: NameServer, found: Find) -> None:
    server.answers = [["8.8.8.8", "2001:4860:4860::8888"], ["8.8.4.4"]]

    assert found(HOST, 0.0).addresses == ("8.8.8.8", "2001:4860:4860::8888")
    assert found(HOST, 59.9).addresses == ("8.8.8.8", "2001:4860:4860::8888")
    assert server.asked == [HOST]
    assert found(HOST, 60.0).addresses == ("8.8.4.4",)


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "no such name"), UnicodeError("label too long"), []])
def test_a_failure_is_a_problem_and_kept_for_five_seconds(
    server: NameServer, found: Find, failure: list[str] | Exception
) -> None:
    server.answers = [failure, ["8.8.8.8"]]

    assert HOST in found(HOST, 0.0).problem
    assert HOST in found(HOST, 4.9).problem
    assert found(HOST, 5.0) == Lookup(("8.8.8.8",))


def test_what_does_not_answer_is_looked_up_again(server: NameServer, names: Names, found: Find) -> None:
    server.answers = [["8.8.8.8"], ["8.8.4.4"]]
    found(HOST, 0.0)

    names.forget(HOST)

    assert found(HOST, 0.0).addresses == ("8.8.4.4",)


def test_a_name_server_that_hangs_is_waited_for_only_so_long(server: NameServer, names: Names) -> None:
    server.answers = [["8.8.8.8"]]
    server.hanging = {HOST}

    assert names.find(HOST, 0.0) is None
    assert names.find(HOST, 5.0) is None
    late = names.find(HOST, 5.1)
    assert late is not None
    assert "within 5 s" in late.problem
    assert server.asked == [HOST]


def test_one_slow_name_does_not_hold_up_the_others(server: NameServer, names: Names, found: Find) -> None:
    server.answers = [["8.8.8.8"]]
    server.hanging = {"slow.example.org"}
    assert names.find("slow.example.org", 0.0) is None

    assert found(HOST, 0.0) == Lookup(("8.8.8.8",))
    assert names.find("slow.example.org", 0.0) is None


def test_at_most_four_threads_wait_for_name_servers(server: NameServer, names: Names) -> None:
    server.answers = [["8.8.8.8"]]
    server.hanging = {f"push{number}.example.org" for number in range(20)}
    for host in server.hanging:
        names.find(host, 0.0)

    assert len(names._threads) == 4


def test_the_systems_resolver_gives_every_address_once() -> None:
    addresses = resolve("localhost")

    assert "127.0.0.1" in addresses or "::1" in addresses
    assert len(addresses) == len(set(addresses))


def test_the_systems_resolver_raises_what_names_expects() -> None:
    with pytest.raises(OSError, match=r"."):
        resolve("no-such-name.invalid")
