"""What the operator's machines ask: does the process live, should it get traffic, how is it doing (REL-19)."""

import hmac
import shutil
from urllib.parse import urlsplit

from flask import Response, current_app, request
from marshmallow import fields
from marshmallow.validate import OneOf
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from sitebell.api.metrics import render_metrics
from sitebell.errors import NotFound, SitebellError
from sitebell.services.heartbeats import has_living_worker
from sitebell.services.limits import network_of
from sitebell.web.context import config, now, store
from sitebell.web.routes import Routes
from sitebell.web.schemas import Shape

DISK_RESERVE = 64 * 1024 * 1024  # bytes; below it the next write may be the one that fails

health = Routes("health", __name__, description="What the operator's machines ask.")


class HealthAnswer(Shape):
    """All is well."""

    status = fields.String(required=True, validate=OneOf(["alive", "ready"]))


@health.route("/livez", methods=["GET"])
@health.response(200, HealthAnswer)
@health.fails()
def livez() -> dict[str, str]:
    """Say that the process lives. Nothing else is looked at: restarting it would not mend a database."""
    return {"status": "alive"}


@health.route("/readyz", methods=["GET"])
@health.response(200, HealthAnswer)
@health.fails("not_ready")
def readyz() -> dict[str, str]:
    """Say whether the server should get traffic.

    The database answers, its migrations are at the newest, a worker was seen within 30 seconds, and the disk has room.
    """
    troubles = _find_troubles()
    if troubles:
        raise SitebellError("not_ready", " ".join(troubles.values()), 503, troubles)
    return {"status": "ready"}


@health.route("/metrics", methods=["GET"])
@health.doc(
    security=[{"metrics_token": []}],
    responses={200: {"description": "Prometheus text.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
@health.fails("invalid_metrics_token", "not_found")
def metrics() -> Response:
    """Read counts of messages, deliveries and workers, and the age of the oldest due work.

    Takes the token of SITEBELL_METRICS_TOKEN. Without that setting only a server on localhost answers, and only to its
    own machine; elsewhere the route does not exist.
    """
    _check_metrics_access()
    with store().reading() as session:
        text = render_metrics(session, now())
    return Response(text, content_type=CONTENT_TYPE_LATEST)


def _find_troubles() -> dict[str, str]:
    troubles = {}
    try:
        if not store().is_at_head():
            troubles["migrations"] = "The database is not at the newest migration: restart the server."
        with store().reading() as session:
            if not has_living_worker(session, now()):
                troubles["worker"] = "No worker was seen for 30 seconds: start one with `sitebell worker`."
    except SQLAlchemyError:
        troubles["database"] = "The database does not answer: look at SITEBELL_DATABASE_URL and the disk."
    if shutil.disk_usage(config().data).free < current_app.config["DISK_RESERVE"]:
        troubles["disk"] = "The disk of SITEBELL_DATA is nearly full: make room."
    return troubles


def _check_metrics_access() -> None:
    token = config().metrics_token
    if token is None:
        if _is_local():
            return
        raise NotFound("not_found", "Metrics are off: set SITEBELL_METRICS_TOKEN to read them.")
    credential = request.authorization
    given = (credential.token or "") if credential is not None and credential.type == "bearer" else ""
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise SitebellError("invalid_metrics_token", "Send the token of SITEBELL_METRICS_TOKEN as Bearer.", 401)


def _is_local() -> bool:
    """Say whether server and client are one machine. A public server never is: its proxy may sit on loopback too."""
    host = urlsplit(config().base_url).hostname or ""
    is_local_server = host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")
    is_local_client = network_of(request.remote_addr or "") is None and "X-Forwarded-For" not in request.headers
    return is_local_server and is_local_client
