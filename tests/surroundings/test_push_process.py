"""The push service in its own process, steered over loopback."""

import urllib.error
from collections.abc import Iterator

import pytest

from support.application_server import ApplicationServer
from support.push_service import PushServiceProcess
from support.waiting import wait_until


@pytest.fixture(scope="module")
def running() -> Iterator[PushServiceProcess]:
    with PushServiceProcess() as process:
        yield process


@pytest.fixture
def push(running: PushServiceProcess) -> PushServiceProcess:
    running.reset()
    return running


@pytest.fixture
def sender(push: PushServiceProcess) -> ApplicationServer:
    return ApplicationServer(push.settings())


def test_messages_arrive_there_and_are_told_here(push: PushServiceProcess, sender: ApplicationServer) -> None:
    one, two = push.add_subscribers(2, sender.public_key)
    for plaintext in (b"first", b"second"):
        sender.send(one, plaintext, {"Urgency": "low", "Topic": plaintext.decode()})
    sender.send(two, b"third")
    accepted = push.accepted()
    assert [message.plaintext for message in accepted] == [b"first", b"second", b"third"]
    assert (accepted[0].urgency, accepted[0].topic, accepted[0].ttl) == ("low", "first", 60)
    assert [message.plaintext for message in push.accepted(since=2)] == [b"third"]
    assert push.accepted_per_endpoint() == {one["endpoint"]: 2, two["endpoint"]: 1}
    counts = push.counts()
    assert (counts.accepted, counts.requests, counts.in_flight) == (3, 3, 0)


def test_subscribers_have_the_host_that_was_asked_for(push: PushServiceProcess) -> None:
    (device,) = push.add_subscribers(1, None, host="web.push.apple.com")
    assert device["endpoint"].startswith("https://web.push.apple.com/")


def test_behaviour_is_set_from_here(push: PushServiceProcess, sender: ApplicationServer) -> None:
    one, two = push.add_subscribers(2, sender.public_key)
    push.fault(429, {"Retry-After": "9"}, match=one["endpoint"][-20:])
    assert sender.send(two, b"").status == 201
    reply = sender.send(one, b"")
    assert (reply.status, reply.headers["retry-after"]) == (429, "9")
    push.fault(503, count=None)
    assert sender.send(one, b"").status == 503
    push.clear_faults()
    push.expire(one["endpoint"])
    assert sender.send(one, b"").status == 410
    push.speak("http/1.1")
    assert sender.send(two, b"").http_version == "HTTP/1.1"
    push.throttle(1000)
    push.set_offline(True)
    assert sender.send(two, b"").status == 201


def test_what_the_proxy_refused_is_told(push: PushServiceProcess, sender: ApplicationServer) -> None:
    with pytest.raises(Exception, match="403"):
        sender.post("https://example.com/", b"", {})
    assert push.refused() == ["CONNECT example.com:443 HTTP/1.1"]


def test_unknown_method_is_an_error(push: PushServiceProcess) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        push._call("stop")


def test_it_ends_with_its_parent() -> None:
    process = PushServiceProcess().start()
    assert process._process.stdin is not None
    process._process.stdin.close()
    wait_until(lambda: process._process.poll() is not None, "the process to end")
    assert process._process.returncode == 0
    assert process._process.stdout is not None
    process._process.stdout.close()
