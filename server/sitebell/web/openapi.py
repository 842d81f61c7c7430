"""The OpenAPI document at /v1/openapi.json, written from the same schemas and decorators that check the requests."""

import threading
from typing import Any

from flask import Flask, Response
from flask_smorest import Api, Blueprint

from sitebell.web.failures import FAILURES
from sitebell.web.routes import ErrorAnswer

FAILURE_LIST = "\n".join(f"* `{code}` ({status}): {meaning}" for code, (status, meaning) in FAILURES.items())
DESCRIPTION = f"""Self-hosted web push for websites.

Pages and workers authenticate with the subscription itself: endpoint and both keys. A site's back end sends an API key
as `Authorization: Bearer sb_…`. Unknown members are refused. Every failure has one shape,
`{{"error": {{"code", "message", "details"?}}}}`, and one of these codes:

{FAILURE_LIST}
"""


class OpenApi(Api):  # type: ignore[misc]
    """flask-smorest's Api, with our error shape, and a document that is written once, when it is first asked for.

    Writing it takes longer than everything else that an application does at its start.
    """

    ERROR_SCHEMA = ErrorAnswer

    def __init__(self, app: Flask) -> None:
        self._blueprints: list[Blueprint] = []
        self._document: bytes | None = None
        self._writing = threading.Lock()
        super().__init__(app)

    def register_blueprint(self, blueprint: Blueprint) -> None:
        """Add the routes to the application; their documentation waits."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint)
        self._blueprints.append(blueprint)

    def _openapi_json(self) -> Response:
        with self._writing:
            if self._document is None:
                self._document = self._write_document()
        return Response(self._document, mimetype="application/json")

    def _write_document(self) -> bytes:
        for blueprint in self._blueprints:
            blueprint.register_views_in_doc(self, self._app, self.spec, name=blueprint.name, parameters=None)
            self.spec.tag({"name": blueprint.name, "description": blueprint.description})
        written: Response = super()._openapi_json()
        return written.get_data()

    def _register_error_handlers(self) -> None:
        """Leave errors to `sitebell.web.errors`."""

    def _register_pagination_header(self) -> None:
        """Describe no header that no route sends."""


def register_routes(app: Flask, base_url: str, *blueprints: Blueprint) -> None:
    """Add the documented routes to an application, and the document itself."""
    app.config.update(
        API_TITLE="Sitebell",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS=_options(base_url),
    )
    api = OpenApi(app)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)


def _options(base_url: str) -> dict[str, Any]:
    return {
        "info": {"description": DESCRIPTION},
        "servers": [{"url": base_url}],
        "components": {
            "securitySchemes": {
                "api_key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key of the site: `sitebell keys create`.",
                },
                "pushengage_key": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "api_key",
                    "description": "An adopted API key, `sitebell sites alias --api-key`, or one of the site's own.",
                },
                "metrics_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The setting SITEBELL_METRICS_TOKEN.",
                },
            }
        },
    }
