"""How the double misbehaves on request, and what it remembers."""

import math
import time
from concurrent.futures import ThreadPoolExecutor

import http_ece
import pycurl
import pytest

from support.application_server import ApplicationServer, HttpVersion
from support.push_service import PushService, Subscriber
from support.push_service.faults import Throttle
from support.stopped_clock import StoppedClock

MOZILLA = "updates.push.services.mozilla.com"
GOOGLE = "fcm.googleapis.com"


def test_the_proxy_can_be_held_to_http_1(
    push_service: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    push_service.speak("http/1.1")
    assert sender.send(device.subscription(), b"", http_version="HTTP/2").http_version == "HTTP/1.1"
    assert push_service.requests[-1].http_version == "HTTP/1.1"


def test_corrupt_damages_the_ciphertext(
    push_service: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    push_service.corrupt = True
    assert sender.send(device.subscription(), b"hello").status == 201
    with pytest.raises(http_ece.ECEException):
        _ = device.messages[0].plaintext


def test_fault_answers_once_then_the_truth(
    device: Subscriber, push_service: PushService, sender: ApplicationServer
) -> None:
    fault = push_service.fault(429, {"Retry-After": "7"}, b"slow down")
    reply = sender.send(device.subscription(), b"")
    assert (reply.status, reply.headers["retry-after"], reply.body) == (429, "7", b"slow down")
    assert fault.count == 0
    assert sender.send(device.subscription(), b"").status == 201


def test_fault_meets_a_token_a_host_or_everyone(push_service: PushService, sender: ApplicationServer) -> None:
    one, two = push_service.add_subscribers(2, sender.public_key)
    google = push_service.add_subscriber(sender.public_key, GOOGLE)
    push_service.fault(413, match=one.token, count=None)
    push_service.fault(503, match=GOOGLE, count=None)
    statuses = [sender.send(device.subscription(), b"").status for device in (one, two, google, one)]
    assert statuses == [413, 201, 503, 413]
    push_service.clear_faults()
    push_service.fault(500, count=None)
    assert [sender.send(device.subscription(), b"").status for device in (one, two, google)] == [500] * 3


@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
def test_fault_can_have_a_big_body(
    push_service: PushService, device: Subscriber, sender: ApplicationServer, version: HttpVersion
) -> None:
    """Bigger than the flow control window that curl opens (10 MiB), which has to be waited for."""
    body = bytes(range(256)) * (80 << 10)
    push_service.fault(500, body=body)
    assert sender.send(device.subscription(), b"", http_version=version).body == body


@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
def test_fault_0_cuts_the_connection(
    push_service: PushService, device: Subscriber, sender: ApplicationServer, version: HttpVersion
) -> None:
    push_service.fault(0)
    with pytest.raises(pycurl.error) as caught:
        sender.send(device.subscription(), b"", http_version=version)
    assert caught.value.args[0] != pycurl.E_OPERATION_TIMEDOUT
    assert push_service.requests[-1].status == 0


def test_fault_with_endless_delay_keeps_a_request_in_flight(
    push_service: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    push_service.fault(201, delay=math.inf)
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(sender.send, device.subscription(), b"", timeout=1)
        push_service.wait_for(lambda: push_service.events and push_service.in_flight == 1)
        assert isinstance(hanging.exception(), pycurl.error)


def test_throttle_spreads_answers_over_time(clock: StoppedClock) -> None:
    throttle = Throttle(lambda: clock().timestamp())
    assert [throttle.reserve() for _ in range(3)] == [0, 0, 0]
    throttle.set(4)
    assert [throttle.reserve() for _ in range(3)] == pytest.approx([0, 0.25, 0.5], abs=0.001)
    clock.advance(seconds=0.5)
    assert throttle.reserve() == pytest.approx(0.25, abs=0.001)
    clock.advance(seconds=10)
    assert throttle.reserve() == 0


def test_throttled_messages_take_their_time(push_service: PushService, sender: ApplicationServer) -> None:
    """The fourth answer at four a second comes after three quarters of a second."""
    devices = push_service.add_subscribers(4, sender.public_key)
    push_service.throttle(4)
    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        replies = pool.map(lambda device: sender.send(device.subscription(), b""), devices)
    assert [reply.status for reply in replies] == [201] * 4
    assert time.monotonic() - start >= 0.75


def test_proxy_refuses_and_records_what_is_no_push_service(
    push_service: PushService, sender: ApplicationServer
) -> None:
    push_service.refused.clear()
    for url in ("https://example.com/", f"https://{MOZILLA}.example.com/", f"https://{MOZILLA}:444/"):
        with pytest.raises(pycurl.error):
            sender.post(url, b"", {})
    assert push_service.refused == [
        "CONNECT example.com:443 HTTP/1.1",
        f"CONNECT {MOZILLA}.example.com:443 HTTP/1.1",
        f"CONNECT {MOZILLA}:444 HTTP/1.1",
    ]


def test_reset_forgets_what_was_seen_and_keeps_subscriptions(
    push_service: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    push_service.fault(500, count=None)
    sender.send(device.subscription(), b"")
    push_service.reset()
    assert (push_service.history, push_service.requests, push_service.events) == ([], [], [])
    assert sender.send(device.subscription(), b"").status == 201


def test_wait_for_tells_what_it_saw(push_service: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    push_service.expire(device.token)
    sender.send(device.subscription(), b"")
    with pytest.raises(TimeoutError, match="unsubscribed"):
        push_service.wait_for(lambda: push_service.history, timeout=0.05)
