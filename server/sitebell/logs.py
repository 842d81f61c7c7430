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
    r"|(?P<endpoint>https://(?:[\w.-]+/(?=(?:wpush|fcm/send|wp|w|m)/)|[\w.-]+\.push\.apple\.com/))\S+"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"  # tokens of identities and links (RFC 7519)
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # e-mail addresses
)


def configure_logging() -> None:
    """Set up structlog and the standard library's logging for a process."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(RedactingFormatter("%(message)s"))
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


class RedactingFormatter(logging.Formatter):
    """Formats what libraries log, tracebacks included, with secrets taken out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or the lines, of a record."""
        return redact_text(super().format(record))


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what must not stand in a log: by the name of the field, and by the look of the text."""
    return {name: "[redacted]" if name in SECRET_NAMES else _redact_value(value) for name, value in event.items()}


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {name: "[redacted]" if name in SECRET_NAMES else _redact_value(inner) for name, inner in value.items()}
    return [_redact_value(item) for item in value] if isinstance(value, (list, tuple)) else value


def redact_text(text: str) -> str:
    """Return the text with keys, tokens and the secret part of push endpoints taken out."""
    return SECRET_TEXT.sub(lambda found: (found["endpoint"] or "") + "[redacted]", text)
