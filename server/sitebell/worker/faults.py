"""What becomes of a fault of ours in the middle of a message: the log tells all of it, the sender where to look."""

import secrets
import traceback

import structlog
from sqlalchemy.exc import SQLAlchemyError

from sitebell.errors import SitebellError
from sitebell.models import Message

FRAMES = 12

log = structlog.get_logger()


def explain(error: Exception, message: Message) -> str:
    """Return the reason that a message or delivery is given; where a fault came from is logged, without any value.

    Raises:
        SQLAlchemyError: the same again, since it is not the message's fault when the database is away.
    """
    if isinstance(error, SQLAlchemyError):
        raise error
    if isinstance(error, SitebellError):
        return error.message
    error_id = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    log.error(
        "composing failed",
        message=message.public_id,
        error_id=error_id,
        raised=type(error).__name__,
        where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return f"A fault of the server; its log tells more under the id {error_id}."
