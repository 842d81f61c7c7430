"""How PushEngage's API is spoken to and answers: a key in a header of its own, forms, `success` in every answer."""

import functools
import json
from collections.abc import Callable
from typing import Any, TypeVar, cast

import flask
import marshmallow
from flask import Response, request
from marshmallow import fields
from werkzeug.exceptions import HTTPException, UnsupportedMediaType

from sitebell.compat.pushengage.forms import FORM, FORM_OF_PARTS, read_form, read_parts
from sitebell.compat.sites import speaking_sites
from sitebell.errors import SitebellError
from sitebell.models import Dialect
from sitebell.web.admission import read_body
from sitebell.web.api_keys import Credential, bearer_token, needs
from sitebell.web.errors import answer_below, answer_error, explain
from sitebell.web.failures import FAILURES
from sitebell.web.json_body import read_json
from sitebell.web.routes import BodyParser, Routes
from sitebell.web.schemas import Answer

View = TypeVar("View", bound=Callable[..., Any])
SECURITY: list[dict[str, list[str]]] = [{"pushengage_key": []}, {"api_key": []}]  # OpenAPI: either will do


class PushEngageSuccessAnswer(Answer):
    """It is done."""

    success = fields.Boolean(required=True)
    message = fields.String()


class PushEngageFailureAnswer(PushEngageSuccessAnswer):
    """It was refused."""

    message = fields.String(required=True, metadata={"description": "What to change, for people."})
    error_code = fields.String(required=True, metadata={"description": "Stable; programs decide by it."})
    details = fields.Raw(metadata={"description": "Facts about the failure, where there are any."})


class FormParser(BodyParser):
    """Loads forms and, as the vendor does not, JSON of the same members."""

    def load_json(self, req: flask.Request, schema: marshmallow.Schema) -> Any:  # noqa: ARG002
        """Return the members of the body; what a form has several of is a list.

        Raises:
            MalformedBody: it is not what it says it is.
            RequestEntityTooLarge: it is over the cap.
            UnsupportedMediaType: it is neither a form nor JSON.
        """
        if req.mimetype == FORM:
            return read_form(read_body())
        if req.mimetype == FORM_OF_PARTS:
            return read_parts(read_body(), req.mimetype_params.get("boundary", ""))
        if req.mimetype == "application/json":
            return read_json(read_body())
        raise UnsupportedMediaType(f"Send the body as {FORM}, or as JSON with its Content-Type.")


class VendorRoutes(Routes):
    """A blueprint whose failures have PushEngage's envelope too."""

    ARGUMENTS_PARSER = FormParser()
    FAILURE = PushEngageFailureAnswer

    def show_failure(self, code: str) -> dict[str, Any]:
        """Return an example answer for a code, in the vendor's envelope."""
        return {"summary": code, "value": _envelope(code, FAILURES[code][1])}

    def fails(self, *codes: str) -> Callable[[View], View]:
        """Document the failures of a view, beside those that every route has."""
        return super().fails(*codes, "site_not_found")


def vendor_key() -> str | None:
    """Return the API key of a call in PushEngage's words, or in ours."""
    return request.headers.get("api-key") or bearer_token()


VENDOR_KEY = Credential(vendor_key, "api_key: KEY")


def back_end(scope: str) -> Callable[[View], View]:
    """Let a view run for an API key with this scope whose site speaks the dialect."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def spoken(*args: Any, **kwargs: Any) -> Any:
            speaking_sites(Dialect.PUSHENGAGE)
            return view(*args, **kwargs)

        return cast("View", needs(scope, credential=VENDOR_KEY)(spoken))

    return decorate


def register_failures(blueprint: VendorRoutes) -> None:
    """Answer every failure of a blueprint's views, and beside them, in the vendor's envelope."""
    for kind in (SitebellError, HTTPException, Exception):
        blueprint.register_error_handler(kind, _answer)
    answer_below(blueprint, "/apiv1", answer=_answer)


def _answer(error: Exception) -> Response:
    failure = explain(error)
    response = answer_error(failure)
    response.set_data(json.dumps(_envelope(failure.code, failure.message, failure.details)))
    return response


def _envelope(code: str, message: str, details: Any = None) -> dict[str, Any]:
    shown: dict[str, Any] = {"success": False, "message": message, "error_code": code}
    return shown if details is None else shown | {"details": details}
