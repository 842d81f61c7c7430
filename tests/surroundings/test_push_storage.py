"""What the double does with messages that wait: Topic, TTL and cancelling (RFC 8030 sections 5 and 6)."""

import datetime as dt
from collections.abc import Iterator

import pytest

from support.application_server import ApplicationServer, HttpVersion
from support.push_service import PushService, Subscriber
from support.stopped_clock import StoppedClock


@pytest.fixture
def push_service(clock: StoppedClock) -> Iterator[PushService]:
    with PushService(clock=lambda: clock().timestamp()) as service:
        yield service


def test_message_that_waits_is_replaced_by_topic(
    push_service: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    other = push_service.add_subscriber(sender.public_key)
    push_service.set_offline(True)
    for plaintext, topic in [(b"0:0", "score"), (b"weather", "sky"), (b"1:0", "score")]:
        sender.send(device.subscription(), plaintext, {"Topic": topic})
    sender.send(other.subscription(), b"other", {"Topic": "score"})
    assert device.messages == []
    push_service.set_offline(False)
    assert [message.plaintext for message in device.messages] == [b"weather", b"1:0"]
    assert [message.plaintext for message in other.messages] == [b"other"]


def test_message_that_waits_expires(
    push_service: PushService, device: Subscriber, sender: ApplicationServer, clock: StoppedClock
) -> None:
    push_service.set_offline(True)
    for ttl in ("0", "60", "3600"):
        sender.send(device.subscription(), ttl.encode(), {"TTL": ttl})
    clock.advance(seconds=61)
    push_service.set_offline(False)
    assert [message.plaintext for message in device.messages] == [b"3600"]


def test_message_with_ttl_0_does_not_wait(
    push_service: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    push_service.set_offline(True)
    assert sender.send(device.subscription(), b"now", {"TTL": "0"}).status == 201
    push_service.set_offline(False)
    assert device.messages == []


def test_message_with_ttl_0_reaches_a_connected_device(device: Subscriber, sender: ApplicationServer) -> None:
    assert sender.send(device.subscription(), b"now", {"TTL": "0"}).status == 201
    assert device.messages[0].acked_at is not None


def test_waiting_message_can_be_cancelled(
    push_service: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    push_service.set_offline(True)
    location = sender.send(device.subscription(), b"oops").headers["location"]
    assert sender.post(location, b"", {}, method="DELETE").status == 204
    push_service.set_offline(False)
    assert device.messages == []


@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
def test_answers_carry_the_date_of_the_service(
    device: Subscriber, sender: ApplicationServer, clock: StoppedClock, version: HttpVersion
) -> None:
    clock.moment = dt.datetime(2027, 1, 15, 8, tzinfo=dt.UTC)
    reply = sender.send(device.subscription(), b"", http_version=version)
    assert reply.headers["date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
