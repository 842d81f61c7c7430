"""The blueprint of Altcraft's routes and the one shape of their answers: an error number, a text, and rows."""

import json
from typing import Any

from flask import Response
from marshmallow import fields

from sitebell.web.errors import answer_below, answer_error, explain
from sitebell.web.failures import FAILURES
from sitebell.web.routes import Routes
from sitebell.web.schemas import Answer

DONE = "Successful operation"
ALL_WRITTEN, NOT_ALL_WRITTEN = 0, 200  # both mean success; who tests for 0 alone misreads the vendor


class AltcraftAnswer(Answer):
    """What became of a call."""

    error = fields.Integer(required=True, metadata={"description": "0 or 200: success; else the HTTP status."})
    error_text = fields.String(required=True)


class AltcraftRoutes(Routes):
    """Routes whose failures have the vendor's shape."""

    FAILURE = AltcraftAnswer

    def show_failure(self, code: str) -> Any:
        """Return an example answer for a code."""
        status, meaning = FAILURES[code]
        return {"summary": code, "value": {"error": status, "error_text": f"{code}: {meaning}"}}


altcraft = AltcraftRoutes(
    "altcraft",
    __name__,
    description=(
        "Altcraft's dialect, for sites that came from there: `sitebell sites set TOKEN --dialect altcraft`. "
        "docs/leaving-altcraft.md says what is understood and what is different."
    ),
)


@altcraft.errorhandler(Exception)  # type: ignore[untyped-decorator]
def answer_failure(error: Exception) -> Response:
    """Answer every failure of these routes in the vendor's shape, with our HTTP status and headers."""
    failure = explain(error)
    response = answer_error(failure)
    response.set_data(json.dumps({"error": failure.status, "error_text": f"{failure.code}: {failure.message}"}))
    return response


answer_below(altcraft, "/push_subscribe", "/api/v1.1", answer=answer_failure)


def done(error: int = ALL_WRITTEN, **more: Any) -> dict[str, Any]:
    """Return a success."""
    return {"error": error, "error_text": DONE, **more}
