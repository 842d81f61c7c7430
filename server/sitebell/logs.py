"""Logs: one JSON object a line on standard error, with credentials and addresses taken out (SEC-41)."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_NAMES = {
    "authorization",
    "endpoint",
    "address",
    "p256dh",
    "auth",
    "api_key",
    "token",
    "receipt",
    "email",
    "cookie",
}
SECRET_TEXT = re.compile(
    r"sb_[\w-]{20,}"  # API keys
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # name and password in a URL
    r"|(?<=vapid t=)\S+|(?<=Bearer )\S+"
    r"|(?P<endpoint>https://[\w.-]+/)(?:wpush|fcm/send|wp|w|m)/\S+"
)


def configure_logging() -> None:
    """Set up structlog and the standard library's logging for a process."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # its depth says nothing that an operator could act on
    logging.getLogger("alembic").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what must not stand in a log: by the name of the field, and by the look of the text."""
    return {
        name: "[redacted]" if name in SECRET_NAMES else redact_text(value) if isinstance(value, str) else value
        for name, value in event.items()
    }


def redact_text(text: str) -> str:
    """Return the text with keys, tokens and the secret part of push endpoints taken out."""
    return SECRET_TEXT.sub(lambda found: (found["endpoint"] or "") + "[redacted]", text)
