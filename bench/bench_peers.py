"""The ways to send that are compared: our engine, and pywebpush as its users call it."""

import asyncio
import base64
import os
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import aiohttp
import pywebpush
import requests
from py_vapid import Vapid02

from sitebell.push.client import Outcome, OutcomeKind, PushClient, PushRequest
from sitebell.push.encryption import SubscriptionKeys, make_pre_key, seal
from sitebell.push.endpoint import EndpointRules
from sitebell.push.vapid import VapidKey, VapidSigner
from support.push_service.process import PushServiceProcess

PAYLOAD = b"x" * 300
SUBJECT = "mailto:ops@example.com"
IN_FLIGHT = 100


@dataclass(frozen=True)
class Subscriptions:
    """Fresh subscriptions, what they were made with, and the way to their push service."""

    endpoints: list[dict[str, Any]]
    key: VapidKey
    proxy: str
    ca_file: str

    @cached_property
    def vapid(self) -> Vapid02:
        """The key as pywebpush takes it."""
        return Vapid02.from_raw(base64.urlsafe_b64encode(self.key.private))


class Sink:
    """The push service double, and the site's key."""

    def __init__(self, service: PushServiceProcess) -> None:
        self._service = service
        self._key = VapidKey.generate()
        settings = service.settings()
        self._proxy, self._ca_file = settings["SITEBELL_PUSH_PROXY"], settings["SITEBELL_PUSH_CA_FILE"]
        os.environ |= {"HTTPS_PROXY": self._proxy, "REQUESTS_CA_BUNDLE": self._ca_file, "SSL_CERT_FILE": self._ca_file}

    def subscribe(self, count: int) -> Subscriptions:
        """Return new subscriptions of this key."""
        endpoints = self._service.add_subscribers(count, self._key.public_text)
        return Subscriptions(endpoints, self._key, self._proxy, self._ca_file)


@dataclass(frozen=True)
class Peer:
    """One way to send, and how many messages of it make a round of some seconds."""

    name: str
    messages: int
    send: Callable[[Subscriptions], None]


def send_ours(subscriptions: Subscriptions) -> None:
    """Encrypt and sign as the worker does, and stream through our client."""
    client = PushClient(in_flight=IN_FLIGHT, proxy=subscriptions.proxy, ca_file=subscriptions.ca_file)
    requests_to_send = _requests(subscriptions)

    def done(_request: PushRequest, outcome: Outcome) -> None:
        if outcome.kind is not OutcomeKind.accepted:
            raise RuntimeError(f"not accepted: {outcome}")

    client.run(lambda: next(requests_to_send, None), done)
    client.close()


def _requests(subscriptions: Subscriptions) -> Iterator[PushRequest]:
    rules, signer = EndpointRules(), VapidSigner(subscriptions.key, SUBJECT)
    for subscription in subscriptions.endpoints:
        endpoint = rules.parse(subscription["endpoint"])
        keys = SubscriptionKeys.parse(**subscription["keys"])
        body = seal(make_pre_key(keys), PAYLOAD)
        yield PushRequest(endpoint, body, signer.authorization(endpoint.origin), ttl=60)


def send_pywebpush(subscriptions: Subscriptions) -> None:
    """`webpush()` in a loop, as its README shows it."""
    for subscription in subscriptions.endpoints:
        _webpush(subscriptions, subscription, None)


def send_pywebpush_with_session(subscriptions: Subscriptions) -> None:
    """The same with one requests session, which keeps the connection."""
    with requests.Session() as session:
        for subscription in subscriptions.endpoints:
            _webpush(subscriptions, subscription, session)


def send_pywebpush_async(subscriptions: Subscriptions) -> None:
    """`webpush_async()` with one shared aiohttp session, a hundred at a time."""
    asyncio.run(_send_async(subscriptions))


async def _send_async(subscriptions: Subscriptions) -> None:
    places = asyncio.Semaphore(IN_FLIGHT)
    authorities = ssl.create_default_context(cafile=subscriptions.ca_file)
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT, ssl=authorities)
    async with aiohttp.ClientSession(connector=connector, trust_env=True) as session:

        async def send(subscription: dict[str, Any]) -> None:
            async with places:
                await pywebpush.webpush_async(
                    subscription,
                    PAYLOAD,
                    vapid_private_key=subscriptions.vapid,
                    vapid_claims={"sub": SUBJECT},
                    ttl=60,
                    aiohttp_session=session,
                )

        await asyncio.gather(*map(send, subscriptions.endpoints))


def _webpush(subscriptions: Subscriptions, subscription: dict[str, Any], session: requests.Session | None) -> None:
    pywebpush.webpush(
        subscription,
        PAYLOAD,
        vapid_private_key=subscriptions.vapid,
        vapid_claims={"sub": SUBJECT},
        ttl=60,
        timeout=15,
        requests_session=session,
    )


PEERS = [
    Peer("sitebell, fresh key", 3000, send_ours),
    Peer("pywebpush webpush() in a loop", 150, send_pywebpush),
    Peer("pywebpush webpush() with a session", 300, send_pywebpush_with_session),
    Peer("pywebpush webpush_async(), shared session", 1000, send_pywebpush_async),
]
