"""Turns every failure into the one error shape, whoever raised it."""

import secrets
import traceback
from collections.abc import Callable

import structlog
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from sitebell.errors import SitebellError
from sitebell.services.limits import RateLimited
from sitebell.web.failures import code_of

DATABASE_RETRY_AFTER = 5
FRAMES = 12
_ENVELOPES = "sitebell_envelopes"

log = structlog.get_logger("sitebell.api")


def register_errors(app: Flask) -> None:
    """Answer every exception of this application as JSON."""
    app.register_error_handler(SitebellError, answer_error)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_fault)


def answer_below(blueprint: Blueprint, *addresses: str, answer: Callable[[Exception], Response]) -> None:
    """Let a blueprint answer at and below these addresses where there is no route, or not with this method."""
    envelopes = dict.fromkeys(addresses, answer)
    blueprint.record(lambda state: state.app.extensions.setdefault(_ENVELOPES, {}).update(envelopes))


def explain(error: Exception) -> SitebellError:
    """Return what a caller may know of an exception; what only the operator may know is logged."""
    if isinstance(error, SitebellError):
        return error
    if isinstance(error, HTTPException):
        return SitebellError(code_of(error), _sentence(error), error.code or 500)
    if isinstance(error, OperationalError):
        _log(error, "database_unavailable", None)
        sentence = f"The database is busy, full or away: try again in {DATABASE_RETRY_AFTER} seconds."
        return SitebellError("database_unavailable", sentence, 503)
    error_id = secrets.token_hex(4)
    _log(error, "request_failed", error_id)
    sentence = f"The server failed at this request. Its log tells more under the id {error_id}."
    return SitebellError("internal_error", sentence, 500, {"error_id": error_id})


def answer_error(error: SitebellError) -> Response:
    """Return the answer for a failure of ours, with the headers that belong to its status."""
    response = jsonify(error.as_json())
    response.status_code = error.status
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RateLimited):
        response.headers["Retry-After"] = str(error.retry_after)
    if error.code == "database_unavailable":
        response.headers["Retry-After"] = str(DATABASE_RETRY_AFTER)
    return response


def _answer_http_error(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # a redirect is no failure
        return Response(status=error.code, headers=error.get_headers())
    response = _answer_as_its_neighbours(error)
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _answer_as_its_neighbours(error: HTTPException) -> Response:
    for address, answer in current_app.extensions.get(_ENVELOPES, {}).items():
        if f"{request.path}/".startswith(f"{address}/"):
            response: Response = answer(error)
            return response
    return answer_error(explain(error))


def _sentence(error: HTTPException) -> str:
    if isinstance(error, NotFound):
        return "There is nothing at this address: see /docs for the routes."
    if isinstance(error, MethodNotAllowed):
        return f"This route does not take {request.method}: use {_named(error)}."
    if isinstance(error, RequestEntityTooLarge):
        return f"The body is too large: at most {g.body_cap} bytes."
    return error.description or error.name


def _named(error: MethodNotAllowed) -> str:
    return " or ".join(sorted({*(error.valid_methods or [])} - {"HEAD", "OPTIONS"}))


def _answer_fault(error: Exception) -> Response:
    return answer_error(explain(error))


def _log(error: Exception, event: str, error_id: str | None) -> None:
    """Log where it happened and what kind it was. The exception's text stays out: it can quote what a stranger sent."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    log.error(
        event,
        error_id=error_id,
        method=request.method,
        route=str(request.url_rule),
        raised=[type(link).__name__ for link in _chain(error)],
        where=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    links: list[BaseException] = []
    while error is not None and error not in links:
        links.append(error)
        error = error.__cause__ or error.__context__
    return links
