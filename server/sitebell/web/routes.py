"""The blueprint of every JSON route: strict bodies come in, one documented shape of failure goes out."""

import functools
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn, Self, TypeVar

import flask
import marshmallow
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from sitebell.errors import Invalid
from sitebell.web.admission import read_body
from sitebell.web.failures import ALWAYS, describe, example, group_by_status
from sitebell.web.json_body import read_json
from sitebell.web.schemas import Shape

View = TypeVar("View", bound=Callable[..., Any])
MAX_COMPLAINTS = 20
MAX_NAME_LENGTH = 80


class ErrorDetail(Shape):
    """What went wrong."""

    code = marshmallow.fields.String(required=True, metadata={"description": "Stable; programs decide by it."})
    message = marshmallow.fields.String(required=True, metadata={"description": "What to change, for people."})
    details = marshmallow.fields.Raw(metadata={"description": "Facts about the failure, where there are any."})


class ErrorAnswer(Shape):
    """The one shape of every failure."""

    error = marshmallow.fields.Nested(ErrorDetail, required=True)


class BodyParser(FlaskParser):
    """Loads bodies with our own JSON loader and turns complaints of a schema into the one error shape."""

    def load_json(self, req: flask.Request, schema: marshmallow.Schema) -> Any:  # noqa: ARG002
        """Return the parsed body.

        Raises:
            MalformedBody: it is not JSON.
            RequestEntityTooLarge: it is over the cap.
            UnsupportedMediaType: it is not declared as JSON, as a form of a foreign page would not be.
        """
        if req.mimetype != "application/json":
            raise UnsupportedMediaType("Send the body as JSON with Content-Type: application/json.")
        return read_json(read_body())

    def handle_error(
        self, error: marshmallow.ValidationError, *_request_and_schema: Any, **_status_and_headers: Any
    ) -> NoReturn:
        """Raise the complaints as `invalid` (422)."""
        messages: Any = error.messages
        raise complain(messages["json"]) from error


class _Uncopied(dict[str, Any]):
    """Examples, which nobody changes: as a `Shape`, they are the same in all copies of what documents a view."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class Routes(Blueprint):  # type: ignore[misc]
    """A flask-smorest blueprint with our parser, typed decorators and `fails`."""

    ARGUMENTS_PARSER = BodyParser()
    FAILURE: ClassVar[type[marshmallow.Schema]] = ErrorAnswer

    def show_failure(self, code: str) -> Any:
        """Return an example answer for a code; blueprints with another `FAILURE` say it in that shape."""
        return example(code)

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Register a view; its docstring becomes the documentation."""
        decorator: Callable[[View], View] = super().route(rule, **options)
        return decorator

    def arguments(self, schema: type[marshmallow.Schema], *, example: Any) -> Callable[[View], View]:
        """Hand the body, loaded by `schema`, to the view as its first argument."""
        examples = _Uncopied({"example": {"value": example}})
        decorator: Callable[[View], View] = super().arguments(schema, examples=examples)
        return decorator

    def response(self, status: int, schema: type[marshmallow.Schema], **options: Any) -> Callable[[View], View]:
        """Answer with `status` and what the view returns, dumped by `schema`."""
        decorator: Callable[[View], View] = super().response(status, schema, **options)
        return decorator

    def alt_response(self, status: int, *, schema: type[marshmallow.Schema], **options: Any) -> Callable[[View], View]:
        """Document another answer of the view."""
        decorator: Callable[[View], View] = super().alt_response(status, schema=schema, **options)
        return decorator

    def doc(self, **openapi: Any) -> Callable[[View], View]:
        """Add members to the operation's OpenAPI object."""
        decorator: Callable[[View], View] = super().doc(**openapi)
        return decorator

    def fails(self, *codes: str) -> Callable[[View], View]:
        """Document the failures of a view, beside those that every route has."""
        decorators: list[Callable[[View], View]] = [
            self.alt_response(
                status,
                schema=self.FAILURE,
                description=describe(group),
                examples=_Uncopied({code: self.show_failure(code) for code in group}),
            )
            for status, group in group_by_status([*codes, *ALWAYS]).items()
        ]
        return lambda view: functools.reduce(lambda inner, decorate: decorate(inner), decorators, view)


def complain(messages: Any) -> Invalid:
    """Return a schema's tree of complaints as the failure `invalid`."""
    complaints = _flatten(messages)
    (name, sentence), *others = complaints.items()
    more = f" ({len(others)} more in details.)" if others else ""
    return Invalid("invalid", f"{name}: {sentence}{more}", complaints)


def _flatten(messages: Any, path: str = "") -> dict[str, str]:
    """Turn marshmallow's tree of complaints into at most 20 lines `notification.title: …`."""
    if not isinstance(messages, dict):
        return {path or "body": " ".join(map(str, messages))}
    flat: dict[str, str] = {}
    for name, inner in messages.items():
        shown = str(name)[:MAX_NAME_LENGTH]
        here = path if name == "_schema" else f"{path}.{shown}" if path else shown
        flat.update(_flatten(inner, here))
        if len(flat) >= MAX_COMPLAINTS:
            break
    return flat
