"""Pushes that arrive: over HTTP/2 and HTTP/1.1, with the right headers, and what the answers become."""

import pytest

from push.conftest import ClientFactory
from push.sending import APPLE, FCM, KEY, MOZILLA, direct, one, request_to, run, straight_to
from support.push_service import PushService


@pytest.fixture(params=["HTTP/2", "HTTP/1.1"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def options_for(version: str, service: PushService) -> dict[str, object]:
    port = service.https_port if version == "HTTP/2" else service.h1_port
    return direct(service) | {"connect_map": straight_to(port)}


@pytest.mark.parametrize("host", [FCM, MOZILLA, APPLE])
def test_a_push_arrives_and_can_be_read(
    push_service: PushService, make_client: ClientFactory, version: str, host: str
) -> None:
    device = push_service.add_subscriber(KEY.public_text, host)

    outcome = one(make_client(**options_for(version, push_service)), request_to(device, b"what a day"))

    assert (outcome.kind, outcome.status, outcome.reason) == ("accepted", 201, "")
    assert device.messages[0].plaintext == b"what a day"
    assert [request.http_version for request in push_service.requests] == [version]


def test_the_headers_are_those_of_rfc_8030(push_service: PushService, make_client: ClientFactory, version: str) -> None:
    device = push_service.add_subscriber(KEY.public_text)
    request = request_to(device, ttl=86400, urgency="high", topic="upd_-1")

    one(make_client(**options_for(version, push_service)), request)

    seen = push_service.requests[0]
    assert (seen.method, f"https://{seen.host}{seen.path}") == ("POST", device.endpoint)
    wanted = {
        "authorization": request.authorization,
        "ttl": "86400",
        "urgency": "high",
        "topic": "upd_-1",
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "content-length": str(len(request.body)),
        "accept-encoding": "identity",
        "user-agent": "sitebell",
    }
    assert {name: value for name, value in seen.headers.items() if name != "host"} == wanted


def test_without_a_topic_none_is_sent_not_even_after_one(push_service: PushService, make_client: ClientFactory) -> None:
    device = push_service.add_subscriber(KEY.public_text)
    client = make_client(**direct(push_service), in_flight=1)

    run(client, [request_to(device, topic="a"), request_to(device)])

    assert [request.headers.get("topic") for request in push_service.requests] == ["a", None]


def test_over_http2_a_host_needs_one_connection(push_service: PushService, make_client: ClientFactory) -> None:
    devices = push_service.add_subscribers(300, KEY.public_text, FCM)

    sending = run(make_client(**direct(push_service)), map(request_to, devices))

    assert sending.kinds == {"accepted"}
    assert {request.http_version for request in push_service.requests} == {"HTTP/2"}
    assert len({request.connection for request in push_service.requests}) == 1
    assert all(len(device.messages) == 1 for device in devices)


def test_over_http1_a_host_gets_at_most_16_connections(push_service: PushService, make_client: ClientFactory) -> None:
    devices = push_service.add_subscribers(100, KEY.public_text, FCM)

    sending = run(make_client(**options_for("HTTP/1.1", push_service)), map(request_to, devices))

    assert sending.kinds == {"accepted"}
    assert 1 < len({request.connection for request in push_service.requests}) <= 16


def test_the_next_run_uses_the_same_connection(push_service: PushService, make_client: ClientFactory) -> None:
    device = push_service.add_subscriber(KEY.public_text)
    client = make_client(**direct(push_service))

    one(client, request_to(device))
    one(client, request_to(device))

    assert len({request.connection for request in push_service.requests}) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(301, "redirected"), (400, "invalid"), (401, "refused"), (404, "gone"), (413, "too_large"), (503, "unavailable")],
)
def test_an_answer_becomes_an_outcome(
    push_service: PushService, make_client: ClientFactory, version: str, status: int, kind: str
) -> None:
    device = push_service.add_subscriber(KEY.public_text)
    push_service.fault(status, {"Retry-After": "7"}, b'{"reason": "because"}')

    outcome = one(make_client(**options_for(version, push_service)), request_to(device))

    assert (outcome.kind, outcome.status) == (kind, status)
    assert (outcome.retry_after, outcome.reason) == (7.0, '{"reason": "because"}')


def test_outcomes_come_back_with_their_references(push_service: PushService, make_client: ClientFactory) -> None:
    devices = push_service.add_subscribers(20, KEY.public_text)
    for device in devices[::3]:
        push_service.expire(device.token)

    sending = run(make_client(**direct(push_service)), [request_to(d, reference=d) for d in devices])

    gone = {request.reference.token for request, outcome in sending.done if outcome.kind == "gone"}
    assert gone == {device.token for device in devices[::3]}


def test_an_answer_of_one_request_does_not_colour_the_next(
    push_service: PushService, make_client: ClientFactory
) -> None:
    """Handles are used again, so nothing of the answer before may be left on them."""
    device = push_service.add_subscriber(KEY.public_text)
    push_service.fault(429, {"Retry-After": "7"}, b"slow down")
    push_service.fault(400)
    client = make_client(**direct(push_service), in_flight=1)

    slow, bad, good = run(client, [request_to(device) for _ in range(3)]).outcomes

    assert (slow.kind, slow.retry_after, slow.reason) == ("throttled", 7.0, "slow down")
    assert (bad.kind, bad.retry_after, bad.reason) == ("invalid", None, f"{MOZILLA} answered 400")
    assert (good.kind, good.retry_after, good.reason) == ("accepted", None, "")


def test_a_wrong_key_is_the_double_s_business_to_notice(push_service: PushService, make_client: ClientFactory) -> None:
    """What the double checks is real: a subscription made with another key refuses ours."""
    device = push_service.add_subscriber(
        "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
    )

    outcome = one(make_client(**direct(push_service)), request_to(device))

    assert (outcome.kind, outcome.status) == ("refused", 401)
    assert "VAPID" in outcome.reason
