"""What is handed to a push service, and what came of it: the nouns that the client and its callers share."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sitebell.push.endpoint import Endpoint

URGENCIES = frozenset(("very-low", "low", "normal", "high"))
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


@dataclass(frozen=True, slots=True)
class PushRequest:
    """One push message to one endpoint (RFC 8030 section 5).

    Args:
        endpoint: where to, as `EndpointRules.parse` made it.
        body: what `seal` returned.
        authorization: what `VapidSigner.authorization` returned.
        ttl: how long the push service may keep it, in seconds.
        urgency: `very-low`, `low`, `normal` or `high`.
        topic: replaces an undelivered message of the same topic; 1 to 32 characters of base64url.
        reference: anything of the caller's; comes back with the outcome, untouched.

    Raises:
        ValueError: a header could not be made of it.
    """

    endpoint: Endpoint
    body: bytes = field(repr=False)
    authorization: str = field(repr=False)
    ttl: int
    urgency: str = "normal"
    topic: str | None = None
    reference: Any = None

    def __post_init__(self) -> None:
        if self.urgency not in URGENCIES:
            raise ValueError(f"urgency {self.urgency!r} is not one of RFC 8030 section 5.3")
        if self.topic is not None and not _TOPIC.match(self.topic):
            raise ValueError("a topic has 1 to 32 characters of the base64url alphabet (RFC 8030 section 5.4)")
        if self.ttl < 0 or not self.authorization.isprintable():
            raise ValueError("a TTL is not negative, and a credential has no control characters")


class OutcomeKind(StrEnum):
    """What an answer means for the message and the subscription."""

    accepted = "accepted"
    gone = "gone"
    invalid = "invalid"
    refused = "refused"
    throttled = "throttled"
    too_large = "too_large"
    unavailable = "unavailable"
    redirected = "redirected"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request.

    Args:
        kind: accepted (2xx), gone (404, 410), refused (401, 403: our key or our clock), throttled (406, 429),
            too_large (413), redirected (3xx, never followed), invalid (any other 4xx), unavailable (5xx, 408, and
            whenever there was no whole answer: time, TLS, name, connection, an address that may not be dialled).
        status: the HTTP status, None without an answer.
        retry_after: seconds to wait before the next try, 1 to 21,600, when somebody said so.
        reason: for people: at most 500 printable characters, without the endpoint's path and without credentials.
    """

    kind: OutcomeKind
    status: int | None = None
    retry_after: float | None = None
    reason: str = ""

    @property
    def was_tried(self) -> bool:
        """Whether the request went out; a client that has closed its host's lane says so by a wait without a status."""
        return self.status is not None or self.retry_after is None
