"""Sends pushes to the double as the worker will: one key, subscribers, requests, and what came of each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sitebell.push.client import Outcome, PushClient, PushRequest
from sitebell.push.encryption import SubscriptionKeys, make_pre_key, seal
from sitebell.push.endpoint import EndpointRules
from sitebell.push.vapid import VapidKey, VapidSigner
from support.push_service import PushService, Subscriber

KEY = VapidKey.generate()
SIGNER = VapidSigner(KEY, "mailto:bell@example.com")
ANY_HOST = EndpointRules(("*",))
FCM = "fcm.googleapis.com"
MOZILLA = "updates.push.services.mozilla.com"
APPLE = "web.push.apple.com"


def request_to(subscriber: Subscriber, plaintext: bytes = b"hello", **options: Any) -> PushRequest:
    """Return a sealed and signed request; `options` are fields of `PushRequest`."""
    keys = SubscriptionKeys.parse(subscriber.p256dh, subscriber.auth)
    return request_for(subscriber.endpoint, body=seal(make_pre_key(keys), plaintext), **options)


def request_for(url: str, **options: Any) -> PushRequest:
    """Return a request to an endpoint that need not exist."""
    endpoint = ANY_HOST.parse(url)
    usual: dict[str, Any] = {"body": b"sealed", "authorization": SIGNER.authorization(endpoint.origin), "ttl": 60}
    return PushRequest(endpoint, **(usual | options))


@dataclass
class Run:
    """One run of a client: what was pulled, in order, and what was reported, in order."""

    requests: Iterator[PushRequest]
    pulled: list[PushRequest] = field(default_factory=list)
    done: list[tuple[PushRequest, Outcome]] = field(default_factory=list)
    most_held: int = 0

    def next_request(self) -> PushRequest | None:
        """Hand over one request."""
        request = next(self.requests, None)
        if request is not None:
            self.pulled.append(request)
            self.most_held = max(self.most_held, len(self.pulled) - len(self.done))
        return request

    def report(self, request: PushRequest, outcome: Outcome) -> None:
        """Take what came of one."""
        self.done.append((request, outcome))

    @property
    def outcomes(self) -> list[Outcome]:
        """What came of the requests, in the order of the reports."""
        return [outcome for _, outcome in self.done]

    @property
    def kinds(self) -> set[str]:
        """The kinds among them."""
        return {outcome.kind.value for outcome in self.outcomes}


def run(client: PushClient, requests: Iterable[PushRequest]) -> Run:
    """Send requests and return what happened when all are done."""
    sending = Run(iter(requests))
    client.run(sending.next_request, sending.report)
    assert len(sending.done) == len(sending.pulled)
    return sending


def one(client: PushClient, request: PushRequest) -> Outcome:
    """Send one request and return what came of it."""
    return run(client, [request]).outcomes[0]


def straight_to(port: int, *hosts: str) -> Mapping[str, tuple[str, int]]:
    """Return the connect map that leads hosts to a port of loopback."""
    return dict.fromkeys(hosts or (FCM, MOZILLA, APPLE), ("127.0.0.1", port))


def direct(service: PushService) -> dict[str, Any]:
    """Return the client's options that lead all push hosts to the double, over HTTP/2 or HTTP/1.1."""
    return {"ca_file": str(service.ca_file), "connect_map": straight_to(service.https_port)}
