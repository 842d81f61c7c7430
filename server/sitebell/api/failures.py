"""Every code that a route can answer with: its HTTP status and what it means, for the OpenAPI document."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import HTTPException

FAILURES: dict[str, tuple[int, str]] = {
    "malformed": (400, "The request is not HTTP and JSON as they should be; nothing of it was read."),
    "invalid_api_key": (401, "No API key came along, or it is unknown or revoked."),
    "invalid_metrics_token": (401, "The metrics token is missing or another one."),
    "origin_not_allowed": (403, "The page that asks is not on one of the site's origins."),
    "scope_missing": (403, "The API key is sound and lacks the scope that this route needs."),
    "not_found": (404, "There is no such route."),
    "site_not_found": (404, "No site has this token, or the API key belongs to another site."),
    "subscription_not_found": (404, "Endpoint and keys are not those of a subscription of this site."),
    "message_not_found": (404, "The site has no message with this id."),
    "method_not_allowed": (405, "The route exists with other methods: see the header Allow."),
    "subscription_conflict": (409, "The endpoint is known with other keys; nothing was changed."),
    "idempotency_conflict": (409, "The Idempotency-Key was used for another request."),
    "message_finished": (409, "The message is sent, cancelled or failed and can no longer be changed."),
    "too_large": (413, "The body is larger than the route takes: 64 KiB below /v1/sites/, else 1 MiB."),
    "unsupported_media_type": (415, "The body is not declared as application/json."),
    "invalid": (422, "Members are missing, unknown or of the wrong type; details maps each to its complaints."),
    "not_available": (422, "A member that belongs to a later version."),
    "empty_audience": (422, "The audience names nobody; everybody must be asked for."),
    "invalid_audience": (422, "The audience contradicts itself, is too long, or names what is no subscriber hash."),
    "invalid_endpoint": (422, "The push endpoint is not a URL of a known push service."),
    "invalid_keys": (422, "p256dh is not a P-256 point, or auth is not 16 bytes."),
    "unknown_vapid_key": (422, "The subscription was made with a VAPID key that the site does not have."),
    "notification_too_large": (422, "The notification does not fit into a push; details has size and limit in bytes."),
    "invalid_idempotency_key": (422, "The Idempotency-Key has not 1 to 255 printable ASCII characters."),
    "invalid_send_at": (422, "send_at is more than a year ahead."),
    "rate_limited": (429, "Too many requests from this network or for this site: see the header Retry-After."),
    "internal_error": (500, "A fault of the server; details has the error_id under which its log tells more."),
    "database_unavailable": (503, "The database is busy, full or away: see the header Retry-After."),
    "not_ready": (503, "The server should get no traffic now; details says which check failed and why."),
}

ALWAYS = ("method_not_allowed", "internal_error", "database_unavailable")
BODY = ("malformed", "too_large", "unsupported_media_type", "invalid")
PAGE = ("origin_not_allowed", "site_not_found")
API_KEY = ("invalid_api_key", "scope_missing")

# Answers of Flask and Werkzeug whose phrase would not be a code of ours.
HTTP_CODES = {400: "malformed", 413: "too_large", 500: "internal_error"}


def code_of(error: HTTPException) -> str:
    """Return the stable code of an HTTP error that did not begin as one of ours."""
    status = error.code or 500
    return HTTP_CODES.get(status) or HTTPStatus(status).name.lower()


def group_by_status(codes: Iterable[str]) -> dict[int, list[str]]:
    """Return the codes under their HTTP statuses, in the order of the table."""
    wanted = set(codes)
    groups: dict[int, list[str]] = {}
    for code, (status, _) in FAILURES.items():
        if code in wanted:
            groups.setdefault(status, []).append(code)
    return groups


def describe(codes: Iterable[str]) -> str:
    """Return one Markdown line for each code."""
    return "\n".join(f"* `{code}`: {FAILURES[code][1]}" for code in codes)


def example(code: str) -> dict[str, Any]:
    """Return an example answer for a code."""
    return {"summary": code, "value": {"error": {"code": code, "message": FAILURES[code][1]}}}
