"""The HTTP API of a push service (RFC 8030): what is checked, in which order, and what is answered."""

import asyncio
import json
import math
import re
from dataclasses import dataclass, field
from email.utils import formatdate

from support.push_service import vapid
from support.push_service.faults import Fault, FaultPlan, Throttle
from support.push_service.journal import Journal, PushRequest
from support.push_service.providers import Provider, provider_of
from support.push_service.store import Message, Store, Subscription

MAX_BODY = 4096
MAX_TTL = 30 * 86_400
URGENCIES = ("very-low", "low", "normal", "high")


@dataclass(frozen=True)
class Answer:
    """What goes back; header names are in lower case. Status 0 stands for a cut connection."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class RejectedPushError(Exception):
    """A push that is not accepted. The error numbers are those of Mozilla's autopush."""

    def __init__(self, status: int, errno: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.errno, self.reason = status, errno, reason


class PushApi:
    """Answers requests, whatever HTTP version they came in."""

    def __init__(self, store: Store, journal: Journal, faults: FaultPlan, throttle: Throttle) -> None:
        self._store, self._journal = store, journal
        self._faults, self._throttle = faults, throttle

    async def answer(self, request: PushRequest) -> Answer:
        """Answer one request and record it."""
        self._journal.received(request)
        answer = await self._answer(request)
        self._journal.answered(request, answer.status)
        date = formatdate(self._store.clock(), usegmt=True)
        return Answer(answer.status, {"date": date, **answer.headers}, answer.body)

    async def _answer(self, request: PushRequest) -> Answer:
        fault = self._faults.take(request.host + request.path)
        if fault is not None:
            return await self._play(fault)
        # Half of the wait comes before the message counts and half after it, so that a sender
        # killed in between has sent both messages that never counted and ones it heard nothing of.
        wait = self._throttle.reserve() / 2
        await asyncio.sleep(wait)
        try:
            answer = await self._push(request)
        except RejectedPushError as error:
            answer = self._rejection(error)
        await asyncio.sleep(wait)
        return answer

    async def _play(self, fault: Fault) -> Answer:
        self._journal.note("fault", status=fault.status)
        if fault.delay == math.inf:
            await asyncio.Event().wait()
        await asyncio.sleep(fault.delay)
        return Answer(fault.status, fault.headers, fault.body)

    async def _push(self, request: PushRequest) -> Answer:
        provider = provider_of(request.host)
        if provider is None:
            raise RejectedPushError(421, 0, f"no push service under the name {request.host!r}")
        if request.method == "DELETE" and request.path.startswith("/m/"):
            self._store.cancel(request.path.removeprefix("/m/"))
            return Answer(204)
        if request.method != "POST":
            raise RejectedPushError(405, 0, "POST a message")
        subscription = self._subscription(request, provider)
        message = read_message(request, subscription, self._store.clock())
        self._check_vapid(request, subscription)
        if self._store.corrupt and message.body:
            message.body = message.body[:-1] + bytes([message.body[-1] ^ 1])
        await self._store.accept(message)
        return Answer(201, {"location": f"https://{request.host}/m/{message.id}", "ttl": str(message.ttl)})

    def _subscription(self, request: PushRequest, provider: Provider) -> Subscription:
        subscription = self._store.subscriptions.get(provider.token(request.path) or "")
        if subscription is None or subscription.provider is not provider:
            raise RejectedPushError(404, 102, "unknown endpoint")
        if subscription.gone:
            raise RejectedPushError(410, 106, "unsubscribed")
        return subscription

    def _check_vapid(self, request: PushRequest, subscription: Subscription) -> None:
        provider = subscription.provider
        try:
            vapid.check(
                request.headers,
                f"https://{request.host}",
                subscription.application_server_key,
                self._store.clock(),
                needs_public_subject=provider.needs_public_subject,
            )
        except vapid.VapidError as error:
            raise RejectedPushError(provider.vapid_status, 109, f"VAPID: {error}") from error

    def _rejection(self, error: RejectedPushError) -> Answer:
        self._journal.note("rejected", status=error.status, errno=error.errno, reason=error.reason)
        body = {"code": error.status, "errno": error.errno, "message": error.reason}
        return Answer(error.status, {"content-type": "application/json"}, json.dumps(body).encode())


def read_message(request: PushRequest, subscription: Subscription, now: float) -> Message:
    """Return the message of a well-formed push.

    Raises:
        RejectedPushError: TTL, Topic, Urgency, size or Content-Encoding is wrong.
    """
    headers, provider = request.headers, subscription.provider
    encoding = headers.get("content-encoding")
    if len(request.body) > MAX_BODY:
        raise RejectedPushError(413, 104, f"the body has more than {MAX_BODY} bytes")
    if request.body and encoding not in ("aes128gcm", "aesgcm"):
        raise RejectedPushError(400, 110, "Content-Encoding is not aes128gcm or aesgcm")
    return Message(
        subscription=subscription,
        body=request.body,
        encoding=encoding,
        encryption=headers.get("encryption") if encoding == "aesgcm" else None,
        crypto_key=headers.get("crypto-key") if encoding == "aesgcm" else None,
        ttl=_ttl(headers, provider),
        topic=_topic(headers, provider),
        urgency=_urgency(headers),
        accepted_at=now,
    )


def _ttl(headers: dict[str, str], provider: Provider) -> int:
    """RFC 8030 section 5.2."""
    ttl = headers.get("ttl", "")
    if not re.fullmatch(r"[0-9]{1,10}", ttl):
        raise RejectedPushError(400, 111, "TTL is missing or no number of seconds")
    if int(ttl) == 0 and not provider.accepts_ttl_zero:
        raise RejectedPushError(400, 111, "TTL 0 conflicts with X-WNS-Cache-Policy")
    return min(int(ttl), MAX_TTL)


def _topic(headers: dict[str, str], provider: Provider) -> str | None:
    """RFC 8030 section 5.4; Apple wants it to be decodable base64url besides."""
    topic = headers.get("topic")
    if topic is None:
        return None
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", topic):
        raise RejectedPushError(400, 113, "Topic is not 1 to 32 characters of base64url")
    if provider.topic_is_base64url and len(topic) % 4 == 1:
        raise RejectedPushError(400, 113, "BadWebPushTopic")
    return topic


def _urgency(headers: dict[str, str]) -> str:
    """RFC 8030 section 5.3."""
    urgency = headers.get("urgency", "normal")
    if urgency not in URGENCIES:
        raise RejectedPushError(400, 111, "Urgency is not one of " + ", ".join(URGENCIES))
    return urgency
