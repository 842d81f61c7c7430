"""How a run goes: what is pulled when, what is held, and what happens when the caller's own code fails."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from push.conftest import ClientFactory
from push.sending import FCM, KEY, MOZILLA, Run, direct, request_for, request_to, run
from sitebell.push.client import PushClient, PushRequest
from support.push_service import PushService, Subscriber
from support.waiting import wait_until


@pytest.fixture
def device(push_service: PushService) -> Subscriber:
    return push_service.add_subscriber(KEY.public_text)


def copies(subscriber: Subscriber, count: int) -> Iterator[PushRequest]:
    """Yield one sealed request again and again."""
    request = request_to(subscriber)
    return (request for _ in range(count))


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").is_dir() else 0


def test_a_run_without_requests_ends_at_once(push_service: PushService, make_client: ClientFactory) -> None:
    assert run(make_client(**direct(push_service)), []).done == []


def test_memory_does_not_grow_with_the_number_of_messages(
    push_service: PushService, make_client: ClientFactory, device: Subscriber
) -> None:
    """No object per message stays: handles are used again, and only so many requests are ever held."""
    client = make_client(**direct(push_service), in_flight=20)

    sending = run(client, copies(device, 1000))

    assert sending.kinds == {"accepted"}
    assert len(sending.done) == 1000
    assert sending.most_held <= 40
    assert len(client._spare) <= 20
    assert not client._active


def test_over_http2_all_places_are_used_and_not_one_more(
    push_service: PushService, make_client: ClientFactory, device: Subscriber
) -> None:
    push_service.throttle(400)
    most = 0

    def watch(_request: object, _outcome: object) -> None:
        nonlocal most
        most = max(most, push_service.in_flight)

    sending = Run(copies(device, 300))
    make_client(**direct(push_service), in_flight=40, per_host=40).run(sending.next_request, watch)

    assert 16 < most <= 40


def test_the_source_is_asked_again_after_it_had_nothing(
    push_service: PushService, make_client: ClientFactory, device: Subscriber
) -> None:
    """A worker whose window is full has nothing to hand over until results are recorded."""
    waiting = list(copies(device, 10))
    open_window = [True]
    sending = Run(iter(()))

    def next_request() -> PushRequest | None:
        if not (waiting and open_window.pop()):
            open_window.append(False)
            return None
        open_window.append(False)
        return waiting.pop()

    def done(request: PushRequest, outcome: object) -> None:
        sending.report(request, outcome)  # type: ignore[arg-type]
        open_window.append(True)

    make_client(**direct(push_service)).run(next_request, done)

    assert len(sending.done) == 10


def test_while_waiting_idle_is_called_and_the_source_asked_again(
    push_service: PushService, make_client: ClientFactory, device: Subscriber
) -> None:
    """Four times a second, and no more: a source may ask a database."""
    push_service.fault(201, delay=1.5)
    asked: list[int] = []
    idle: list[int] = []
    requests = copies(device, 1)

    def next_request() -> PushRequest | None:
        asked.append(len(idle))
        return next(requests, None)

    began = time.monotonic()
    make_client(**direct(push_service)).run(next_request, lambda *_: None, lambda: idle.append(1))

    assert 2 <= len(idle) <= 4 * (time.monotonic() - began) + 1
    assert {1, 2} <= set(asked)
    assert len(asked) <= len(idle) + 4


class Mistake(Exception):
    """Raised by the code of a caller."""


def fail(*_: object) -> None:
    raise Mistake


@pytest.mark.parametrize("where", ["next_request", "done", "idle"])
def test_what_a_caller_raises_passes_and_the_client_goes_on(
    push_service: PushService, make_client: ClientFactory, device: Subscriber, where: str
) -> None:
    push_service.fault(201, delay=5, count=3 if where == "idle" else 0)
    client = make_client(**direct(push_service))
    sending = Run(copies(device, 40))
    calls: dict[str, Callable[..., None]] = {"done": sending.report, "idle": lambda: None}
    source = sending.next_request
    if where == "next_request":
        source = lambda: sending.next_request() if len(sending.pulled) < 10 else fail()  # noqa: E731
    else:
        calls[where] = fail

    with pytest.raises(Mistake):
        client.run(source, calls["done"], calls["idle"])

    assert not client._active
    push_service.clear_faults()
    assert run(client, copies(device, 40)).kinds == {"accepted"}


def test_closing_a_client_releases_every_descriptor(push_service: PushService, device: Subscriber) -> None:
    before = descriptors()  # of the double too, which closes its ends a little later
    client = PushClient(**direct(push_service))
    run(client, copies(device, 20))
    sending = Run(copies(device, 20))
    with pytest.raises(Mistake):
        client.run(sending.next_request, fail)
    if before:
        assert descriptors() > before

    client.close()
    client.close()

    wait_until(lambda: descriptors() == before, "every descriptor to be closed")


def test_requests_beyond_a_full_lane_are_parked_and_sent_in_order(
    push_service: PushService, make_client: ClientFactory
) -> None:
    slow, other = push_service.add_subscriber(KEY.public_text, FCM), push_service.add_subscriber(KEY.public_text)
    push_service.fault(201, delay=1.5, count=2, match=FCM)
    requests = [request_to(slow, topic=f"number-{number}") for number in range(6)] + [request_to(other)]
    client = make_client(**direct(push_service), in_flight=8, per_host=2)

    sending = run(client, requests)

    assert sending.done[0][0].endpoint.host == MOZILLA
    arrived = [request.headers["topic"] for request in push_service.requests if request.host == FCM]
    assert arrived == [f"number-{number}" for number in range(6)]


def test_a_name_without_an_address_is_an_outcome_and_not_an_error(make_client: ClientFactory) -> None:
    client = make_client(resolver=lambda _host: [])

    outcome = run(client, [request_for("https://push.example.org/x")]).outcomes[0]

    assert (outcome.kind, outcome.status) == ("unavailable", None)
    assert outcome.reason == "the name push.example.org has no address"
