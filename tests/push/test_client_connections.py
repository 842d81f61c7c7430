"""Connections that break: an old one may have been closed unused, so its requests get one more try; no others do."""

import pytest

from push.conftest import ClientFactory
from push.sending import KEY, direct, one, request_to, run, straight_to
from sitebell.push.client import PushClient
from support.push_service import PushService, Subscriber


@pytest.fixture
def device(push_service: PushService) -> Subscriber:
    return push_service.add_subscriber(KEY.public_text)


@pytest.fixture(params=["HTTP/2", "HTTP/1.1"])
def client(request: pytest.FixtureRequest, push_service: PushService, make_client: ClientFactory) -> PushClient:
    port = push_service.https_port if request.param == "HTTP/2" else push_service.h1_port
    return make_client(**direct(push_service) | {"connect_map": straight_to(port)})


def test_a_new_connection_that_breaks_is_an_outcome(
    push_service: PushService, client: PushClient, device: Subscriber
) -> None:
    push_service.fault(0)

    outcome = one(client, request_to(device))

    assert (outcome.kind, outcome.status) == ("unavailable", None)
    assert outcome.reason
    assert len(push_service.requests) == 1


def test_a_request_on_an_old_connection_that_breaks_gets_one_more_try(
    push_service: PushService, client: PushClient, device: Subscriber
) -> None:
    one(client, request_to(device, b"first"))
    push_service.fault(0)

    outcome = one(client, request_to(device, b"second"))

    assert outcome.kind == "accepted"
    assert [message.plaintext for message in device.messages] == [b"first", b"second"]
    first, cut, again = push_service.requests
    assert first.connection == cut.connection != again.connection


def test_a_host_that_breaks_every_connection_is_unavailable_after_few_tries(
    push_service: PushService, client: PushClient, device: Subscriber
) -> None:
    """One of ours, and one of libcurl's, which knows of streams that were refused unread."""
    one(client, request_to(device))
    push_service.fault(0, count=None)

    outcome = one(client, request_to(device))
    assert (outcome.kind, outcome.status) == ("unavailable", None)
    assert len(push_service.requests) == 3

    many = run(client, [request_to(device) for _ in range(12)])
    assert many.kinds == {"unavailable"}
    assert len(push_service.requests) <= 3 + 3 * 12


def test_when_a_connection_breaks_under_many_requests_none_is_lost(
    push_service: PushService, client: PushClient, device: Subscriber
) -> None:
    one(client, request_to(device))
    push_service.fault(0)

    sending = run(client, [request_to(device, f"{number}".encode()) for number in range(12)])

    assert sending.kinds == {"accepted"}
    assert {message.plaintext for message in device.messages} >= {f"{number}".encode() for number in range(12)}


def test_a_request_that_was_tried_again_leaves_its_handle_as_new(
    push_service: PushService, make_client: ClientFactory, device: Subscriber
) -> None:
    client = make_client(**direct(push_service), in_flight=1)
    one(client, request_to(device))

    for _ in range(3):
        push_service.fault(0)
        assert one(client, request_to(device)).kind == "accepted"


def test_a_host_that_falls_back_to_http1_gets_no_more_connections_than_any(
    push_service: PushService, make_client: ClientFactory, device: Subscriber
) -> None:
    """Its lane is still as wide as HTTP/2 had made it."""
    settings = push_service.settings()
    client = make_client(proxy=settings["SITEBELL_PUSH_PROXY"], ca_file=settings["SITEBELL_PUSH_CA_FILE"])
    one(client, request_to(device))
    push_service.speak("http/1.1")
    push_service.fault(0)

    sending = run(client, [request_to(device) for _ in range(70)])

    assert sending.kinds == {"accepted"}
    over_http1 = [request for request in push_service.requests if request.http_version == "HTTP/1.1"]
    assert len(over_http1) >= 50
    assert len({request.connection for request in over_http1}) <= 16
