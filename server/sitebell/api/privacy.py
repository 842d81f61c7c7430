"""What a person may ask of a site: everything that is known about them, and to be forgotten."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any

from flask import Response, request
from marshmallow import fields
from werkzeug.wsgi import wrap_file

from sitebell.api.linked import linked_profile
from sitebell.db import Store
from sitebell.models import Profile, Site
from sitebell.services.audit import Action
from sitebell.services.erasure import Erased, Ledger
from sitebell.services.json_stream import write_object
from sitebell.services.person_export.collecting import export_profile
from sitebell.services.subscribers import get_subscriber
from sitebell.web.api_keys import SECURITY, needs, sender_site
from sitebell.web.auditing import audit
from sitebell.web.context import config, now, store, vault
from sitebell.web.failures import API_KEY
from sitebell.web.routes import Routes
from sitebell.web.schemas import Answer

privacy = Routes(
    "privacy", __name__, url_prefix="/v1", description="What is known about a person, and how it is forgotten."
)


class ErasedAnswer(Answer):
    """What an erase took away."""

    status = fields.String(required=True, metadata={"description": "erased"})
    profiles = fields.Integer(required=True, metadata={"description": "Anonymous ones of erased browsers included."})
    subscriptions = fields.Integer(required=True)


class ExportAnswer(Answer):
    """Everything that is stored about a person."""

    exported_at = fields.String(required=True)
    profile = fields.Dict(required=True, metadata={"description": "With its phones, fields and tags."})
    subscriptions = fields.List(fields.Dict(), required=True, metadata={"description": "The person's browsers."})
    messages = fields.List(fields.Dict(), required=True, metadata={"description": "Those that name the person."})
    deliveries = fields.List(fields.Dict(), required=True, metadata={"description": "With what was sent."})
    events = fields.List(fields.Dict(), required=True)
    webhook_events = fields.List(fields.Dict(), required=True)


@privacy.route("/databases/<database_id>/profiles/<profile_id>", methods=["DELETE"])
@privacy.doc(security=SECURITY)
@needs("manage")
@privacy.response(200, ErasedAnswer)
@privacy.fails(*API_KEY, "database_not_found", "profile_not_found")
def erase_person(database_id: str, profile_id: str) -> dict[str, Any]:
    """Erase a person for good: profile, browsers that are nobody else's, and every trace of them.

    Where somebody else uses a browser now, it stays theirs. What is on its way to a push service at this very moment
    still arrives.
    """
    with store().erasing() as session:
        profile = linked_profile(session, database_id, profile_id)
        erased = Ledger(config().data).erase_profile(session, vault(), profile, now())
        audit(session, Action.PROFILE_ERASED, f"database {database_id}")
    return _show(erased)


@privacy.route("/subscribers/<subscriber_hash>/erase", methods=["POST"])
@privacy.doc(security=SECURITY)
@needs("manage")
@privacy.response(200, ErasedAnswer)
@privacy.fails(*API_KEY, "subscriber_not_found")
def erase_browser(subscriber_hash: str) -> dict[str, Any]:
    """Erase one browser with its anonymous profile; people who have used it keep their profiles without it."""
    with store().erasing() as session:
        subscription = get_subscriber(session, sender_site(), subscriber_hash, lock=True)
        erased = Ledger(config().data).erase_subscriber(session, vault(), subscription, now())
        audit(session, Action.SUBSCRIBER_ERASED)
    return _show(erased)


@privacy.route("/databases/<database_id>/profiles/<profile_id>/export", methods=["GET"])
@privacy.doc(security=SECURITY)
@needs("manage")
@privacy.response(200, ExportAnswer)
@privacy.fails(*API_KEY, "database_not_found", "profile_not_found")
def export_person(database_id: str, profile_id: str) -> Response:
    """Read everything that is stored about a person, of the browsers those of this site.

    Credentials of browsers are left out, and so is what others did at a shared browser. The answer begins once all of
    it is read: it is whole, or a failure.
    """
    with store().writing() as session:
        profile = linked_profile(session, database_id, profile_id)
        audit(session, Action.PROFILE_EXPORTED, f"database {database_id}")
    return _whole(_read(store(), profile.id, sender_site(), now()))


def _whole(parts: Iterable[str]) -> Response:
    """Answer what is long, all of it or not at all: what fails half-way must not look like a success."""
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile())  # it has no name, and goes with the answer
        size = sum(file.write(part.encode()) for part in parts)
        file.seek(0)
        answer = Response(wrap_file(request.environ, file), mimetype="application/json", direct_passthrough=True)
        answer.content_length = size
        answer.call_on_close(stack.pop_all().close)
    return answer


def _show(erased: Erased) -> dict[str, Any]:
    return {"status": "erased", "profiles": erased.profiles, "subscriptions": erased.subscriptions}


def _read(source: Store, profile_id: int, site: Site, moment: datetime) -> Iterator[str]:
    with source.reading() as session:
        export = export_profile(session, session.get_one(Profile, profile_id), moment, site)
        yield from write_object({"exported_at": moment, **export})
