"""A site's back end that takes webhooks: it keeps what was posted and answers what a test wants."""

import base64
import hashlib
import hmac
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Self

from support.loop_thread import LoopThread
from support.push_service import PushService
from support.push_service.journal import PushRequest
from support.push_service.tls import TlsFront
from support.push_service.webpush import Answer
from support.running import Running

HOST = "hooks.example.com"
TOLERANCE_SECONDS = 300


class WebhookReceiver(Running):
    """One TLS listener on loopback under a name of its own, to which the double's proxy leads.

    calls: what was posted, in order. answers: statuses for the next calls; `status` for all after them, and 0 cuts the
    connection. headers: what every answer carries besides.
    """

    def __init__(self, push_service: PushService, host: str = HOST) -> None:
        self.url = f"https://{host}/sitebell"
        self.status = 204
        self.body = b""
        self.headers: dict[str, str] = {}
        self.answers: deque[int] = deque()
        self.calls: list[PushRequest] = []
        self._push_service, self._host = push_service, host

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event of every call, in order."""
        return [event for call in self.calls for event in json.loads(call.body)["events"]]

    @property
    def types(self) -> list[str]:
        """The types of these events."""
        return [event["type"] for event in self.events]

    @property
    def ids(self) -> list[str]:
        """The header webhook-id of each call."""
        return [call.headers["webhook-id"] for call in self.calls]

    def start(self) -> Self:
        """Listen, and lead calls of the host here."""
        self._thread = LoopThread("webhook receiver")
        self._thread.run(self._listen())
        return self

    def stop(self) -> None:
        """Stop listening."""
        self._thread.run(self._front.close())
        self._thread.stop()

    async def _listen(self) -> None:
        self._front = TlsFront(self._answer)
        self.port = await self._front.listen(self._push_service.authority.server_context("h2", "http/1.1"))
        self._push_service.route(self._host, self.port)

    async def _answer(self, request: PushRequest) -> Answer:
        self.calls.append(request)
        status = self.answers.popleft() if self.answers else self.status
        return Answer(status, self.headers, self.body)


@dataclass(frozen=True)
class StandardWebhook:
    """Verifies as the text of Standard Webhooks says (section "Verifying signatures"), without a line of the server's.

    secrets: one or more texts `whsec_…`; a call is right when any of its signatures fits any of them.
    """

    secrets: tuple[str, ...] = field(repr=False)

    @property
    def keys(self) -> list[bytes]:
        """The bytes that the secrets stand for."""
        return [base64.b64decode(secret.removeprefix("whsec_")) for secret in self.secrets]

    def verifies(self, call: PushRequest, now: float) -> bool:
        """Tell whether a call is genuine and fresh at `now`, in seconds since 1970."""
        timestamp = call.headers["webhook-timestamp"]
        content = f"{call.headers['webhook-id']}.{timestamp}.".encode() + call.body
        offered = [part.partition(",") for part in call.headers["webhook-signature"].split(" ")]
        given = [base64.b64decode(signature) for version, _, signature in offered if version == "v1"]
        wanted = [hmac.new(key, content, hashlib.sha256).digest() for key in self.keys]
        is_fresh = abs(now - int(timestamp)) <= TOLERANCE_SECONDS
        return is_fresh and any(hmac.compare_digest(one, other) for one in given for other in wanted)
