"""A push service that means harm: what it can do to a sender is bounded (SEC-05, SEC-06)."""

import gzip
import resource
import time
from collections.abc import Iterator
from inspect import signature

import pytest

from push.conftest import ClientFactory
from push.sending import APPLE, FCM, KEY, MOZILLA, Run, direct, one, request_for, request_to, run, straight_to
from sitebell.push.client import Outcome, PushClient, PushRequest
from support.hostile import HostileServer
from support.push_service import PushService

ENDPOINT = f"https://{FCM}/fcm/send/abc"


@pytest.fixture
def hostile(push_service: PushService) -> Iterator[HostileServer]:
    with HostileServer(push_service) as server:
        yield server


def options(push_service: PushService, hostile: HostileServer) -> dict[str, object]:
    """Lead FCM's name to the hostile server and the others to the double."""
    usual = direct(push_service)
    return usual | {"connect_map": usual["connect_map"] | straight_to(hostile.port, FCM)}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_sec_05_a_redirect_is_not_followed_by_the_double(
    push_service: PushService, make_client: ClientFactory, status: int
) -> None:
    device = push_service.add_subscriber(KEY.public_text)
    push_service.fault(status, {"Location": device.endpoint})

    outcome = one(make_client(**direct(push_service)), request_to(device))

    assert (outcome.kind, outcome.status) == ("redirected", status)
    assert len(push_service.requests) == 1


def test_sec_05_a_redirect_brings_no_request_and_no_credential_elsewhere(
    push_service: PushService, make_client: ClientFactory, hostile: HostileServer
) -> None:
    hostile.behaviour = "redirect"
    with HostileServer(push_service, "accept") as second:
        hostile.redirect_to = f"https://{MOZILLA}/stolen"
        to_both = straight_to(hostile.port, FCM) | straight_to(second.port, MOZILLA)  # type: ignore[operator]
        client = make_client(ca_file=str(push_service.ca_file), connect_map=to_both)

        outcome = one(client, request_for(ENDPOINT))

        assert (outcome.kind, outcome.status) == ("redirected", 307)
        assert second.connections == 0
        assert second.requests == []


def test_sec_06_a_body_of_200_mb_is_read_no_further_than_4_kib(
    push_service: PushService, make_client: ClientFactory, hostile: HostileServer
) -> None:
    hostile.behaviour = "flood"
    client = make_client(**options(push_service, hostile))
    one(client, request_for(ENDPOINT))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    sending = run(client, [request_for(ENDPOINT) for _ in range(20)])

    assert {(outcome.kind.value, outcome.status) for outcome in sending.outcomes} == {("accepted", 201)}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000
    assert hostile.sent_bytes < 200_000_000


def test_sec_06_of_a_long_refusal_the_first_4_kib_are_the_reason(
    push_service: PushService, make_client: ClientFactory
) -> None:
    """The transfer is cut, but the status was said: it is the outcome."""
    push_service.fault(410, body=b"no more. " * 10_000)

    outcome = one(make_client(**direct(push_service)), request_for(f"https://{MOZILLA}/wpush/v2/abc"))

    assert (outcome.kind, outcome.status) == ("gone", 410)
    assert outcome.reason.startswith("no more. no more.")
    assert len(outcome.reason) == 500


def test_sec_06_http2_goes_on_after_a_cut_body(push_service: PushService, make_client: ClientFactory) -> None:
    """Only the stream is reset: the connection, with everybody else's requests on it, stays."""
    device = push_service.add_subscriber(KEY.public_text)
    push_service.fault(410, body=b"x" * 1_000_000, match="/abc")
    client = make_client(**direct(push_service), in_flight=1)

    first, second = run(client, [request_for(f"https://{MOZILLA}/wpush/v2/abc"), request_to(device)]).outcomes

    assert (first.kind, second.kind) == ("gone", "accepted")
    assert len({request.connection for request in push_service.requests}) == 1


@pytest.mark.parametrize("behaviour", ["drip", "black hole"])
def test_sec_06_a_request_ends_at_its_deadline(
    push_service: PushService, make_client: ClientFactory, hostile: HostileServer, behaviour: str
) -> None:
    hostile.behaviour = behaviour  # type: ignore[assignment]
    client = make_client(**options(push_service, hostile), timeout=1.5)
    began = time.monotonic()

    outcome = one(client, request_for(ENDPOINT))

    assert 1.4 <= time.monotonic() - began < 5
    if behaviour == "drip":
        assert (outcome.kind, outcome.status) == ("accepted", 201)
    else:
        assert (outcome.kind, outcome.status) == ("unavailable", None)
        assert "timed out" in outcome.reason


def test_sec_06_the_deadlines_are_15_s_and_5_s_to_connect() -> None:
    parameters = signature(PushClient).parameters

    assert (parameters["timeout"].default, parameters["connect_timeout"].default) == (15.0, 5.0)


def test_sec_06_headers_without_end_are_cut(
    push_service: PushService, make_client: ClientFactory, hostile: HostileServer
) -> None:
    hostile.behaviour = "endless headers"
    client = make_client(**options(push_service, hostile))

    outcome = one(client, request_for(ENDPOINT))

    assert (outcome.kind, outcome.status) == ("unavailable", None)
    assert outcome.reason == "the answer had more than 16384 bytes of headers"
    assert hostile.sent_bytes < 50_000_000


@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
def test_sec_06_too_many_headers_are_cut(push_service: PushService, make_client: ClientFactory, version: str) -> None:
    port = push_service.https_port if version == "HTTP/2" else push_service.h1_port
    push_service.fault(201, {f"x-{number}": "y" * 1000 for number in range(20)})
    client = make_client(**direct(push_service) | {"connect_map": straight_to(port)})

    outcome = one(client, request_for(f"https://{MOZILLA}/wpush/v2/abc"))

    assert (outcome.kind, outcome.status) == ("unavailable", None)
    assert outcome.reason == "the answer had more than 16384 bytes of headers"


def test_sec_06_compressed_answers_are_neither_asked_for_nor_unpacked(
    push_service: PushService, make_client: ClientFactory
) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)[:3000]
    push_service.fault(400, {"content-encoding": "gzip"}, bomb)

    outcome = one(make_client(**direct(push_service)), request_for(f"https://{MOZILLA}/wpush/v2/abc"))

    assert (outcome.kind, outcome.status) == ("invalid", 400)
    assert "xxx" not in outcome.reason
    assert push_service.requests[0].headers["accept-encoding"] == "identity"


class EnoughSeen(Exception):
    """Ends a run whose remaining requests would only run out of time."""


def test_a_host_that_never_answers_leaves_places_to_the_others(
    push_service: PushService, make_client: ClientFactory, hostile: HostileServer
) -> None:
    """Its requests come first, but only `per_host` of them are under way; the others' are all out before one ends."""
    devices = [push_service.add_subscriber(KEY.public_text, APPLE) for _ in range(50)]
    requests = [request_for(ENDPOINT) for _ in range(10)] + [request_to(device) for device in devices]
    sending = Run(iter(requests))

    def report(request: PushRequest, outcome: Outcome) -> None:
        sending.report(request, outcome)
        if len(sending.done) == 50:
            raise EnoughSeen

    with pytest.raises(EnoughSeen):
        make_client(**options(push_service, hostile), in_flight=20, per_host=6).run(sending.next_request, report)

    assert sending.kinds == {"accepted"}
    assert len(hostile.requests) == 6


def test_a_host_that_stays_silent_is_closed_and_holds_up_nobody(
    push_service: PushService, make_client: ClientFactory, hostile: HostileServer
) -> None:
    """200 messages for it, far more than can be parked, among those of others: it is tried 8 times, then no more."""
    devices = [push_service.add_subscriber(KEY.public_text, APPLE) for _ in range(200)]
    mixed = [request for device in devices for request in (request_for(ENDPOINT), request_to(device))]
    client = make_client(**options(push_service, hostile), in_flight=20, per_host=8, timeout=2.5)
    began = time.monotonic()
    sending = Run(iter(mixed))

    client.run(sending.next_request, sending.report)

    assert time.monotonic() - began < 20
    assert sum(outcome.kind == "accepted" for outcome in sending.outcomes) == 200
    untried = [outcome for outcome in sending.outcomes if outcome.retry_after is not None]
    assert len(untried) > 150
    assert all(1 <= outcome.retry_after <= 60 for outcome in untried if outcome.retry_after)
    assert {outcome.kind.value for outcome in untried} == {"unavailable"}
    assert FCM in untried[0].reason
    assert len(hostile.requests) <= 30
