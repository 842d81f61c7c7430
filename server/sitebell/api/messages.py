"""What a site's back end calls: send a message, look at it, pause, resume and cancel it."""

from typing import Any

from flask import request

from sitebell.api.message_schemas import EXAMPLE_MESSAGE, MessageAnswer, MessageBody, MessageStatusAnswer, SendDraftBody
from sitebell.errors import Invalid
from sitebell.models import Message
from sitebell.services.audit import Action
from sitebell.services.messages.lifecycle import (
    NewMessage,
    cancel_message,
    check_send_at,
    count_deliveries,
    create_message,
    get_message,
    pause_message,
    resume_message,
    send_draft,
)
from sitebell.web.admission import read_body
from sitebell.web.api_keys import SECURITY, check_site, needs, sender_site
from sitebell.web.auditing import audit
from sitebell.web.context import now, store
from sitebell.web.failures import API_KEY, AUDIENCE, BODY
from sitebell.web.json_body import hash_json, read_json
from sitebell.web.routes import Routes

MAX_KEY_LENGTH = 255
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "1 to 255 printable ASCII characters. Sent again with the same body, it returns the first message.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": "^[ -~]+$"},
}

messages = Routes(
    "messages", __name__, url_prefix="/v1/messages", description="What a site's back end calls, with an API key."
)


@messages.route("", methods=["POST"])
@messages.doc(security=SECURITY, parameters=[IDEMPOTENCY_KEY])
@needs("send")
@messages.arguments(MessageBody, example=EXAMPLE_MESSAGE)
@messages.response(202, MessageStatusAnswer)
@messages.fails(
    *API_KEY,
    *BODY,
    "site_not_found",
    "idempotency_conflict",
    *AUDIENCE,
    "notification_too_large",
    "invalid_template",
    "invalid_idempotency_key",
    "invalid_send_at",
)
def post_message(body: dict[str, Any]) -> dict[str, Any]:
    """Send a message, now or at a time.

    It is stored and goes out in the background; its id says how it fares.
    """
    check_site(body.pop("site", None))
    moment = now()
    body["send_at"] = check_send_at(body["send_at"], moment)
    request_hash = hash_json(read_json(read_body()))
    with store().writing() as session:
        message, is_new = create_message(
            session,
            sender_site(),
            NewMessage(**body),
            idempotency_key=_idempotency_key(),
            request_hash=request_hash,
            now=moment,
        )
        if is_new:
            audit(session, Action.MESSAGE_CREATED, f"message {message.public_id}")
    return _status(message)


@messages.route("/<message_id>", methods=["GET"])
@messages.doc(security=SECURITY)
@needs("read")
@messages.response(200, MessageAnswer)
@messages.fails(*API_KEY, "message_not_found")
def show_message(message_id: str) -> dict[str, Any]:
    """Look at a message and its counts."""
    with store().reading() as session:
        message = get_message(session, sender_site(), message_id)
        counts = count_deliveries(session, message)
    return _status(message) | {
        "status_reason": message.status_reason,
        "site": sender_site().token,
        "audience": message.audience,
        "notification": message.notification,
        "ttl": message.ttl,
        "urgency": message.urgency,
        "replace_key": message.replace_key,
        "verified": message.is_verified,
        "send_at": message.send_at,
        "created_at": message.created_at,
        "finished_at": message.finished_at,
        "counts": counts,
    }


@messages.route("/<draft_id>/send", methods=["POST"])
@messages.doc(security=SECURITY)
@needs("send")
@messages.arguments(SendDraftBody, example={"send_at": "2026-12-24T18:00:00Z"})
@messages.response(200, MessageStatusAnswer)
@messages.fails(*API_KEY, *BODY, "message_not_found", "not_a_draft", "invalid_send_at")
def send(body: dict[str, Any], draft_id: str) -> dict[str, Any]:
    """Send a draft, now or at a time; its time to live begins then."""
    send_at = check_send_at(body["send_at"], now())
    with store().writing() as session:
        message = send_draft(session, sender_site(), draft_id, send_at, now())
        audit(session, Action.MESSAGE_SENT, f"message {message.public_id}")
    return _status(message)


@messages.route("/<message_id>/cancel", methods=["POST"])
@messages.doc(security=SECURITY)
@needs("send")
@messages.response(200, MessageStatusAnswer)
@messages.fails(*API_KEY, "message_not_found", "message_finished")
def cancel(message_id: str) -> dict[str, Any]:
    """Stop a message for good."""
    with store().writing() as session:
        return _status(cancel_message(session, sender_site(), message_id, now()))


@messages.route("/<message_id>/pause", methods=["POST"])
@messages.doc(security=SECURITY)
@needs("send")
@messages.response(200, MessageStatusAnswer)
@messages.fails(*API_KEY, "message_not_found", "message_finished")
def pause(message_id: str) -> dict[str, Any]:
    """Hold a message back; its time to live goes on running."""
    with store().writing() as session:
        return _status(pause_message(session, sender_site(), message_id))


@messages.route("/<message_id>/resume", methods=["POST"])
@messages.doc(security=SECURITY)
@needs("send")
@messages.response(200, MessageStatusAnswer)
@messages.fails(*API_KEY, "message_not_found", "message_finished")
def resume(message_id: str) -> dict[str, Any]:
    """Let a paused message go on, also past the pause that it gave itself because of losses."""
    with store().writing() as session:
        return _status(resume_message(session, sender_site(), message_id, now()))


def _status(message: Message) -> dict[str, Any]:
    return {"id": message.public_id, "status": message.status}


def _idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= MAX_KEY_LENGTH and key.isascii() and key.isprintable()):
        raise Invalid("invalid_idempotency_key", "An Idempotency-Key has 1 to 255 printable ASCII characters.")
    return key
