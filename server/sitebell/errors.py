"""The one family of failures that Sitebell reports to a caller: a stable code, a sentence, an HTTP status."""

from typing import Any


class SitebellError(Exception):
    """A failure that the caller can act on.

    Args:
        code: stable, lower-case with underscores; listed in docs/http-api.md.
        message: one sentence that says what to change.
        status: the HTTP status to answer with.
        details: JSON-able facts about the failure, such as a map of field to complaints.
    """

    def __init__(self, code: str, message: str, status: int = 422, details: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = details

    def as_json(self) -> dict[str, Any]:
        """Return the one error body: `{"error": {"code", "message", "details"?}}`."""
        body: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details is not None:
            body["details"] = self.details
        return {"error": body}


class NotFound(SitebellError):
    """What was asked for does not exist, or does not exist for this caller (404)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, 404)


class Conflict(SitebellError):
    """The request is sound but contradicts what is stored (409)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, 409)


class Invalid(SitebellError):
    """Well-formed, but not acceptable (422)."""

    def __init__(self, code: str, message: str, details: Any = None) -> None:
        super().__init__(code, message, 422, details)
