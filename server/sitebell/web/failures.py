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
    "id_writes_off": (403, "An id alone changes nothing, unless the site asked for the quirk cleverpush_id_writes."),
    "scope_missing": (403, "The API key is sound and lacks the scope that this route needs."),
    "not_found": (404, "There is no such route."),
    "site_not_found": (404, "No site has this token, or the API key belongs to another site."),
    "subscription_not_found": (404, "Endpoint and keys are not those of a subscription of this site."),
    "message_not_found": (404, "The site has no message with this id."),
    "signing_key_not_found": (404, "The site has no signing key with this kid."),
    "method_not_allowed": (405, "The route exists with other methods: see the header Allow."),
    "profile_not_found": (
        404,
        "The database has no profile with this id.",
    ),
    "database_not_found": (404, "The site is linked to no database with this id."),
    "trigger_not_found": (404, "There are no triggered campaigns, so no id is one."),
    "subscriber_not_found": (404, "The site has no subscriber with this hash or endpoint."),
    "enrollment_not_found": (404, "The subscriber never was at this profile."),
    "webhook_not_found": (404, "The site has no webhook with this id."),
    "webhook_call_not_found": (404, "The webhook has no call with this id."),
    "ambiguous_api_key": (409, "The vendor's API key opens several sites, and the call names none of them."),
    "no_database": (409, "The site is linked to no database of profiles."),
    "external_id_taken": (409, "Another profile of the database has this external id."),
    "field_exists": (409, "The database has a field of this name already."),
    "no_mailer": (409, "An address has to be confirmed, and no webhook is told of confirm_email."),
    "opted_out": (409, "The visitor paused, unsubscribed or complained; only the visitor takes that back."),
    "no_profile": (409, "In this database the browser belongs to nobody now; nothing was written."),
    "subscription_conflict": (409, "The endpoint is known with other keys; nothing was changed."),
    "signing_key_exists": (409, "The site has a signing key with this kid already."),
    "too_many_signing_keys": (409, "The site has 10 signing keys."),
    "idempotency_conflict": (409, "The Idempotency-Key was used for another request."),
    "too_many_webhooks": (409, "The site has 10 webhooks."),
    "webhook_disabled": (409, "The webhook is switched off."),
    "webhook_call_erased": (409, "What the call told was erased; nothing is left to send."),
    "not_a_draft": (409, "The message is no draft: it was sent or ended already."),
    "message_finished": (409, "The message is sent, cancelled or failed and can no longer be changed."),
    "too_large": (413, "The body is over what the route takes: 64 KiB below /v1/sites/, 32 MiB of lines, else 1 MiB."),
    "unsupported_media_type": (415, "The body is not declared as application/json."),
    "invalid": (422, "Members are missing, unknown or of the wrong type; details maps each to its complaints."),
    "empty_audience": (422, "The audience names nobody; everybody must be asked for."),
    "invalid_audience": (422, "The audience contradicts itself, is too long, or names what is no id."),
    "invalid_where": (422, "where is no tree of conditions, too large, or compares in a way that its field does not."),
    "too_slow": (422, "The audience could not be counted in 5 seconds; a message to it can be sent all the same."),
    "unknown_topic": (422, "A topic that the site has not defined."),
    "invalid_topic": (422, "A topic's name or title cannot be used, comes twice, or there are too many."),
    "invalid_tag": (422, "A tag has not 1 to 100 printable characters, or has outer blanks."),
    "unknown_segment": (422, "The segment is the number of one that the site has not brought along."),
    "invalid_period": (422, "The period has not 1 to 366 days."),
    "unknown_database": (422, "database_ids names a database that is not linked to the site."),
    "invalid_email": (422, "The e-mail address cannot be one."),
    "invalid_phone": (422, "The phone number is not in international form."),
    "unknown_field": (422, "The database has no field of this name; fields are created beforehand."),
    "invalid_value": (422, "The value is not of the field's type."),
    "invalid_operation": (422, "The operation does not exist or is not for this field."),
    "invalid_field": (422, "The field's name or type cannot be used, or the database has 200 fields already."),
    "invalid_merge": (422, "A profile cannot be merged with itself."),
    "invalid_cursor": (422, "The cursor is not one that the page before gave."),
    "too_many_tags": (422, "A profile has at most 100 tags."),
    "identity_required": (422, "The site is signed: it takes that only from a token of its back end."),
    "unknown_opt_in_form": (422, "The site never adopted this opt-in form's id: whether it asks twice is not known."),
    "missing_subject": (422, "The call names neither an address nor a subscription nor a person."),
    "contradictory_match": (422, "The profile that a row would make is not found by the row's own match."),
    "empty_match": (422, "match says nothing about whom the link is for."),
    "invalid_signing_key": (422, "The algorithm, the kid or the public key cannot be used."),
    "invalid_webhook_url": (422, "The URL is not https on port 443 with a host name and a path."),
    "invalid_webhook_event": (422, "The events are none, or one of them has another name."),
    "invalid_endpoint": (422, "The push endpoint is not a URL of a known push service."),
    "invalid_keys": (422, "p256dh is not a P-256 point, or auth is not 16 bytes."),
    "unknown_vapid_key": (422, "The subscription was made with a VAPID key that the site does not have."),
    "invalid_template": (422, "A text with {{ … }} is no template that a profile fills in; details maps each place."),
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
AUDIENCE = (
    "empty_audience",
    "invalid_audience",
    "invalid_where",
    "unknown_topic",
    "invalid_tag",
    "unknown_field",
    "invalid_value",
    "invalid_email",
    "invalid_phone",
)
PAGE = ("origin_not_allowed", "site_not_found")
API_KEY = ("invalid_api_key", "scope_missing", "ambiguous_api_key")

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
