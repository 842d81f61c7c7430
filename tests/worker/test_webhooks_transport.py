"""Where calls may go and what a receiver can do to us: nothing (SEC-03 to SEC-07), whatever it answers."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from sitebell.worker.webhooks import WebhookPipeline, open_client
from support.hostile import HostileServer
from support.installation import Installation, shown_title
from support.loaded_process import LoadedProcess
from support.push_service import PushService
from support.waiting import wait_until
from support.webhook_receiver import HOST, WebhookReceiver
from support.webhook_site import WebhookSite


@pytest.fixture
def hostile(push_service: PushService) -> Iterator[HostileServer]:
    """A server in the place of the site's back end."""
    with HostileServer(push_service) as hostile:
        push_service.route(HOST, hostile.port)
        yield hostile


def run_without_proxy(installation: Installation, resolver: Callable[[str], list[str]]) -> None:
    """Make the calls that are due with a client that dials by itself."""
    pipeline: WebhookPipeline = installation.webhook_pipeline()
    with closing(open_client(ca_file=str(installation.push.ca_file), resolver=resolver, timeout=5)) as client:
        client.run(pipeline.next_request, pipeline.done, pipeline.idle)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.1.1", "::1", "fd00::1"])
def test_sec_03_a_name_that_leads_to_a_private_address_is_not_dialled(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation, address: str
) -> None:
    webhook = told.create(receiver.url)
    told.call("POST", f"/{webhook['id']}/test", status=202)
    run_without_proxy(installation, lambda _: [address])

    [call] = told.log(webhook)
    assert (call["state"], call["attempts"], call["http_status"]) == ("retrying", 1, None)
    assert "not public" in call["reason"]
    assert receiver.calls == []


def test_sec_04_a_name_that_turns_to_loopback_between_two_attempts_is_not_followed(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    told.call("POST", f"/{webhook['id']}/test", status=202)
    answers = iter([["192.0.43.10", "127.0.0.1"], ["127.0.0.1"]])
    for _ in range(2):
        run_without_proxy(installation, lambda _: next(answers))
        installation.clock.advance(minutes=2)

    assert [call["attempts"] for call in told.log(webhook)] == [2]
    assert receiver.calls == []


def test_sec_05_a_redirect_is_a_failure_and_brings_nothing_elsewhere(
    told: WebhookSite, hostile: HostileServer, installation: Installation, push_service: PushService
) -> None:
    webhook = told.create(f"https://{HOST}/hook")
    with WebhookReceiver(push_service, "hooks.example.net") as other:
        hostile.behaviour, hostile.redirect_to = "redirect", other.url
        told.call("POST", f"/{webhook['id']}/test", status=202)
        installation.drain_webhooks()

        assert (len(hostile.requests), other.calls) == (1, [])
    [call] = told.log(webhook)
    assert (call["state"], call["http_status"]) == ("retrying", 307)


def test_sec_07_what_a_receiver_answers_is_neither_stored_nor_shown(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    webhook = told.create(receiver.url)
    receiver.status, receiver.body = 500, b"secret of another tenant"
    told.call("POST", f"/{webhook['id']}/test", status=202)
    installation.drain_webhooks()

    [call] = told.log(webhook)
    assert call["reason"] == "the receiver answered 500"
    assert "secret of another" not in "".join(capfd.readouterr())


def test_sec_06_a_flood_in_answer_counts_as_taken_and_is_not_read(
    told: WebhookSite, hostile: HostileServer, installation: Installation
) -> None:
    webhook = told.create(f"https://{HOST}/hook")
    hostile.behaviour = "flood"
    told.call("POST", f"/{webhook['id']}/test", status=202)
    installation.drain_webhooks()

    assert [call["state"] for call in told.log(webhook)] == ["delivered"]
    assert hostile.sent_bytes < hostile.flood_bytes / 4


def test_sec_06_a_receiver_that_says_nothing_is_waited_for_until_the_deadline(
    told: WebhookSite, hostile: HostileServer, installation: Installation
) -> None:
    webhook = told.create(f"https://{HOST}/hook")
    told.call("POST", f"/{webhook['id']}/test", status=202)
    installation.drain_webhooks(timeout=0.5)

    [call] = told.log(webhook)
    assert (call["state"], call["http_status"], len(hostile.requests)) == ("retrying", None, 1)


def test_a_certificate_of_another_name_is_refused(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create("https://hooks.example.org/x")
    installation.push.route("hooks.example.org", receiver.port)
    told.call("POST", f"/{webhook['id']}/test", status=202)
    installation.drain_webhooks()

    assert [call["http_status"] for call in told.log(webhook)] == [None]
    assert receiver.calls == []


def test_the_request_carries_nothing_of_a_push(
    told: WebhookSite, receiver: WebhookReceiver, installation: Installation
) -> None:
    webhook = told.create(receiver.url)
    told.call("POST", f"/{webhook['id']}/test", status=202)
    installation.drain_webhooks()

    [call] = receiver.calls
    assert {"ttl", "urgency", "topic", "authorization", "content-encoding"} & set(call.headers) == set()
    assert call.headers["user-agent"] == "sitebell"


@pytest.fixture
def worker(installation: Installation) -> Iterator[LoadedProcess]:
    """A worker process of the installation."""
    with installation.fork_worker("first") as process:
        yield process
        process.kill()


def test_sec_07_a_silent_receiver_holds_up_neither_pushes_nor_other_receivers(
    told: WebhookSite,
    hostile: HostileServer,
    push_service: PushService,
    installation: Installation,
    worker: LoadedProcess,
) -> None:
    silent = told.create(f"https://{HOST}/hook")
    for _ in range(20):
        told.call("POST", f"/{silent['id']}/test", status=202)
    wait_until(lambda: len(hostile.requests) >= 4, "calls to the silent receiver")
    device = told.new_device()
    with WebhookReceiver(push_service, "hooks.example.net") as other:
        told.create(other.url, "subscribe")
        told.subscribe(device)
        installation.send(notification={"title": "On time"})
        wait_until(lambda: device.messages, "the push", timeout=10)
        wait_until(lambda: other.events, "the call", timeout=10)

        assert (shown_title(device), other.types) == ("On time", ["subscribe"])
    assert len(hostile.requests) == 4  # its share, all unanswered
    assert {call["state"] for call in told.log(silent)} == {"pending"}
    assert worker.poll() is None


def test_rel_01_a_call_whose_worker_is_killed_is_made_again_with_the_same_id(
    told: WebhookSite,
    hostile: HostileServer,
    push_service: PushService,
    installation: Installation,
    worker: LoadedProcess,
) -> None:
    webhook = told.create(f"https://{HOST}/hook")
    told.subscribe(told.new_device())
    wait_until(lambda: hostile.requests, "a call under way")
    worker.kill()
    worker.wait()
    with WebhookReceiver(push_service) as receiver, installation.fork_worker("second") as second:
        wait_until(lambda: receiver.calls, "the call of the other worker", timeout=30)
        wait_until(lambda: told.log(webhook)[0]["state"] == "delivered", "the log to tell it")
        second.terminate()

    [first] = hostile.requests
    assert f"webhook-id: {receiver.ids[0]}" in first
    assert receiver.types == ["subscribe"]
    assert [call["attempts"] for call in told.log(webhook)] == [1]


def test_a_worker_that_is_told_to_stop_gives_its_calls_back(
    told: WebhookSite, receiver: WebhookReceiver, worker: LoadedProcess
) -> None:
    webhook = told.create(receiver.url)
    told.subscribe(told.new_device())
    wait_until(lambda: receiver.calls, "the call")
    worker.terminate()

    assert worker.wait(20) == 0
    assert [call["state"] for call in told.log(webhook)] == ["delivered"]
