"""Whom the client trusts: certificates always, proxies only its own, addresses only public ones."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from push.conftest import ClientFactory
from push.sending import FCM, KEY, MOZILLA, direct, one, request_for, request_to, run, straight_to
from sitebell.errors import SitebellError
from sitebell.push.client import PushClient
from support.push_service import PushService
from support.waiting import wait_until

# Global unicast, but given to nobody: no packet to it gets anywhere.
UNASSIGNED = "2d00::1"
ENDPOINT = f"https://{FCM}/fcm/send/abc"


class Listener:
    """Counts who connects to a port of loopback, and says nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0)
        self.port = int(self._socket.getsockname()[1])
        self._accepted: list[socket.socket] = []

    @property
    def connections(self) -> int:
        """How many there were until now."""
        while True:
            try:
                self._accepted.append(self._socket.accept()[0])
            except BlockingIOError:
                return len(self._accepted)

    def close(self) -> None:
        """Let go of all of them."""
        for accepted in [*self._accepted, self._socket]:
            accepted.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    subject = Listener()
    yield subject
    subject.close()


def test_a_certificate_of_an_unknown_authority_is_refused(
    push_service: PushService, make_client: ClientFactory
) -> None:
    client = make_client(connect_map=straight_to(push_service.https_port))

    outcome = one(client, request_for(ENDPOINT))

    assert (outcome.kind, outcome.status) == ("unavailable", None)
    assert "certificate" in outcome.reason
    assert push_service.requests == []


def test_a_certificate_of_another_name_is_refused(push_service: PushService, make_client: ClientFactory) -> None:
    client = make_client(
        ca_file=str(push_service.ca_file), connect_map=straight_to(push_service.https_port, "push.example.org")
    )

    outcome = one(client, request_for("https://push.example.org/x"))

    assert outcome.kind == "unavailable"
    assert "no alternative certificate subject name" in outcome.reason
    assert push_service.requests == []


def test_an_authority_file_that_cannot_be_read_stops_the_client(tmp_path: Path) -> None:
    for content in (None, "no certificate"):
        file = tmp_path / "ca.pem"
        if content:
            file.write_text(content)
        with pytest.raises(SitebellError, match="SITEBELL_PUSH_CA_FILE") as refusal:
            PushClient(ca_file=str(file))
        assert refusal.value.code == "invalid_push_ca_file"


def test_without_a_file_the_authorities_of_the_system_are_found(make_client: ClientFactory) -> None:
    """libcurl from a wheel looks for them where its builder's system keeps them."""
    make_client()
    assert ssl.get_default_verify_paths().cafile or ssl.get_default_verify_paths().capath


def test_a_refused_connection_is_an_outcome(make_client: ClientFactory, listener: Listener) -> None:
    listener.close()
    client = make_client(connect_map=straight_to(listener.port))

    outcome = one(client, request_for(ENDPOINT))

    assert (outcome.kind, outcome.status, outcome.retry_after) == ("unavailable", None, None)
    assert "connect" in outcome.reason
    assert "/fcm/send" not in outcome.reason


@pytest.mark.parametrize(
    "answer", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::1"], ["10.0.0.1"], ["64:ff9b::7f00:1"]]
)
def test_sec_04_every_address_of_a_name_must_be_public(make_client: ClientFactory, answer: list[str]) -> None:
    outcome = one(make_client(resolver=lambda _host: answer), request_for(ENDPOINT))

    assert (outcome.kind, outcome.status) == ("unavailable", None)
    assert outcome.reason == f"the name {FCM} leads to an address that is not public"


def test_sec_04_a_name_that_turns_to_loopback_is_not_followed(make_client: ClientFactory) -> None:
    """A resolver that answers something public first, and 127.0.0.1 from then on: nothing is dialled there."""
    answers = [[UNASSIGNED], ["127.0.0.1"]]
    asked: list[str] = []

    def rebinding(host: str) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), 2) - 1]

    client = make_client(resolver=rebinding, connect_timeout=0.5)
    first, second, third = (one(client, request_for(ENDPOINT)) for _ in range(3))

    assert {outcome.kind.value for outcome in (first, second, third)} == {"unavailable"}
    assert "not public" not in first.reason
    assert second.reason == third.reason == f"the name {FCM} leads to an address that is not public"
    assert asked == [FCM, FCM]


def test_sec_04_one_connection_means_one_lookup(make_client: ClientFactory) -> None:
    """What was checked is what is dialled: a second answer could be another."""
    asked: list[str] = []

    def once(host: str) -> list[str]:
        asked.append(host)
        return [UNASSIGNED]

    run(make_client(resolver=once, connect_timeout=0.5), [request_for(ENDPOINT) for _ in range(5)])

    assert asked == [FCM]


def test_sec_06_proxies_of_the_environment_are_ignored(
    push_service: PushService, make_client: ClientFactory, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
    device = push_service.add_subscriber(KEY.public_text)

    outcome = one(make_client(**direct(push_service)), request_to(device))

    assert outcome.kind == "accepted"
    assert listener.connections == 0


def through_proxy(push_service: PushService) -> dict[str, object]:
    settings = push_service.settings()
    return {"proxy": settings["SITEBELL_PUSH_PROXY"], "ca_file": settings["SITEBELL_PUSH_CA_FILE"]}


def no_names(host: str) -> list[str]:
    raise AssertionError(host)


@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
def test_a_proxy_resolves_the_names_and_the_client_none(
    push_service: PushService, make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    push_service.speak("any" if version == "HTTP/2" else "http/1.1")
    devices = [push_service.add_subscriber(KEY.public_text, host) for host in (FCM, MOZILLA) for _ in range(10)]
    client = make_client(**through_proxy(push_service), resolver=no_names)

    sending = run(client, map(request_to, devices))

    assert sending.kinds == {"accepted"}
    assert {request.http_version for request in push_service.requests} == {version}


def test_a_proxy_given_by_name_is_looked_up_once_and_may_be_private(
    push_service: PushService, make_client: ClientFactory
) -> None:
    asked: list[str] = []

    def resolver(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    options = through_proxy(push_service)
    options["proxy"] = str(options["proxy"]).replace("127.0.0.1", "proxy.internal")
    devices = [push_service.add_subscriber(KEY.public_text, host) for host in (FCM, MOZILLA)]

    sending = run(make_client(**options, resolver=resolver), map(request_to, devices))

    assert sending.kinds == {"accepted"}
    assert asked == ["proxy.internal"]


def test_a_proxy_that_refuses_is_an_outcome_and_learns_nothing(
    push_service: PushService, make_client: ClientFactory
) -> None:
    """Neither the endpoint's path nor the VAPID header may reach a proxy: it sees the CONNECT only."""
    client = make_client(**through_proxy(push_service))

    outcome = one(client, request_for("https://push.example.org/secret-path"))

    assert (outcome.kind, outcome.status) == ("unavailable", None)
    assert "403" in outcome.reason
    assert push_service.refused[-1] == "CONNECT push.example.org:443 HTTP/1.1"


def test_the_proxy_gets_its_own_credentials_and_not_ours(make_client: ClientFactory) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    client = make_client(proxy=f"http://us:secret@127.0.0.1:{server.getsockname()[1]}", timeout=1.0)

    outcome = one(client, request_for(ENDPOINT))

    connection, _ = server.accept()
    head = wait_until(lambda: connection.recv(4096), "the CONNECT request").decode()
    connection.close()
    server.close()
    assert outcome.kind == "unavailable"
    assert "Proxy-Authorization: Basic" in head
    assert "vapid" not in head
    assert "TTL" not in head
