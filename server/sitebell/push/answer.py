"""Reads the answer of a push service, which may be anything at all."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sitebell.push.endpoint import Endpoint
from sitebell.push.exchange import Outcome, OutcomeKind

MAX_REASON = 500
MIN_WAIT, MAX_WAIT = 1.0, 6 * 3600.0

_BY_STATUS = {
    401: OutcomeKind.refused,
    403: OutcomeKind.refused,
    404: OutcomeKind.gone,
    406: OutcomeKind.throttled,
    408: OutcomeKind.unavailable,
    410: OutcomeKind.gone,
    413: OutcomeKind.too_large,
    429: OutcomeKind.throttled,
}
_BY_HUNDREDS = {2: OutcomeKind.accepted, 3: OutcomeKind.redirected, 4: OutcomeKind.invalid}

_SECONDS = re.compile(r"[0-9]{1,9}\Z")
# Longer than any word that explains something, shorter than any token or key.
_LOOKS_SECRET = re.compile(r"[A-Za-z0-9_+=%-]{32,}")
_SECRET_PART = 8


def read_answer(status: int, retry_after: str, body: bytes, endpoint: Endpoint, now: datetime) -> Outcome:
    """Return the outcome of an answer whose headers came in full.

    Args:
        status: from 200 on.
        retry_after: the value of that header, or "".
        body: its first few KiB.
        endpoint: where the request went, to be kept out of the reason.
    """
    kind = _BY_STATUS.get(status) or _BY_HUNDREDS.get(status // 100, OutcomeKind.unavailable)
    if kind is OutcomeKind.accepted:
        return Outcome(kind, status)
    text = body.decode("utf-8", "replace") or f"{endpoint.host} answered {status}"
    return Outcome(kind, status, read_retry_after(retry_after, now), presentable(text, endpoint))


def no_answer(reason: str, endpoint: Endpoint, retry_after: float | None = None) -> Outcome:
    """Return the outcome of a request that nobody answered in full; whether it arrived is then unknown."""
    wait = None if retry_after is None else _within_bounds(retry_after)
    return Outcome(OutcomeKind.unavailable, None, wait, presentable(reason, endpoint))


def read_retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110 section 10.2.3), None if it says nothing.

    Both forms are read, seconds and date; the result is between 1 s and 6 h.
    """
    value = value.strip()
    if _SECONDS.match(value):
        return _within_bounds(float(value))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _within_bounds((aware - now).total_seconds())


def presentable(text: str, endpoint: Endpoint) -> str:
    """Return `text` cut down to what may be logged: printable, short, without the endpoint's path or credentials."""
    path = endpoint.url.removeprefix(endpoint.origin)
    parts = (part for part in re.split(r"[/?&=]", path) if len(part) >= _SECRET_PART)
    for secret in (path, *parts):
        if len(secret) > 1:
            text = text.replace(secret, "…")
    text = _LOOKS_SECRET.sub("…", text)
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:MAX_REASON]


def _within_bounds(seconds: float) -> float:
    return min(max(seconds, MIN_WAIT), MAX_WAIT)
