"""What is posted to a server of strangers, and what came of it: the nouns that the client and its callers share."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sitebell.push.endpoint import Endpoint

URGENCIES = frozenset(("very-low", "low", "normal", "high"))
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}\Z")


@dataclass(frozen=True, slots=True)
class Request(ABC):
    """One POST to one URL.

    Args:
        endpoint: where to, as `EndpointRules.parse` or `read_url` made it.
        body: what is posted.
        reference: anything of the caller's; comes back with the outcome, untouched.
    """

    endpoint: Endpoint
    body: bytes = field(repr=False)
    reference: Any = field(default=None, kw_only=True)

    @property
    @abstractmethod
    def headers(self) -> list[str]:
        """The header lines that say what the body is and who sends it."""


@dataclass(frozen=True, slots=True)
class SignedRequest(Request):
    """JSON with the headers that its receiver knows us by.

    Args:
        lines: whole header lines.

    Raises:
        ValueError: a line that would be more than one.
    """

    lines: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not all(line.isprintable() for line in self.lines):
            raise ValueError("a header line has no control characters")

    @property
    def headers(self) -> list[str]:
        """The lines, and what the body is."""
        return ["Content-Type: application/json", *self.lines]


@dataclass(frozen=True, slots=True)
class PushRequest(Request):
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

    authorization: str = field(repr=False)
    ttl: int
    urgency: str = "normal"
    topic: str | None = None

    def __post_init__(self) -> None:
        if self.urgency not in URGENCIES:
            raise ValueError(f"urgency {self.urgency!r} is not one of RFC 8030 section 5.3")
        if self.topic is not None and not _TOPIC.match(self.topic):
            raise ValueError("a topic has 1 to 32 characters of the base64url alphabet (RFC 8030 section 5.4)")
        if self.ttl < 0 or not self.authorization.isprintable():
            raise ValueError("a TTL is not negative, and a credential has no control characters")

    @property
    def headers(self) -> list[str]:
        """The header lines of RFC 8030, 8188 and 8292."""
        lines = [
            "Content-Encoding: aes128gcm",
            "Content-Type: application/octet-stream",
            f"Authorization: {self.authorization}",
            f"TTL: {self.ttl}",
            f"Urgency: {self.urgency}",
        ]
        return lines if self.topic is None else [*lines, f"Topic: {self.topic}"]


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
