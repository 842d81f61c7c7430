"""The keys with which a site's back end proves who its visitors are, over HTTP."""

from typing import Any

from marshmallow import fields
from marshmallow.validate import OneOf

from sitebell.models import SigningKey
from sitebell.services.audit import Action
from sitebell.services.identity.signing_keys import (
    ALGORITHMS,
    LARGEST_PEM,
    add_signing_key,
    list_signing_keys,
    open_public_key,
    remove_signing_key,
    unprove,
)
from sitebell.web.api_keys import SECURITY, needs, sender_site
from sitebell.web.auditing import audit
from sitebell.web.context import now, store, vault
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.query import parameter, read_flag, read_query
from sitebell.web.routes import Routes
from sitebell.web.schemas import Answer, Strict
from sitebell.web.strict_fields import Moment, text

identity_keys = Routes(
    "identity_keys", __name__, url_prefix="/v1/identity/keys", description="The keys that verify identity tokens."
)
UNPROVE = parameter("unprove", "Take back what the site's tokens have proved so far.", type="boolean", default=False)
EXAMPLE_KEY = {
    "algorithm": "ES256",
    "kid": "2026-11",
    "public_key": (
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6xy/4ukzhG8UjdF/5JJKT7S+FSDB\n"
        "AiJ6zuwjlRhiaRrvaGTzCQcKU4NIS1chOKAl3Fyhh/jrKDbe728dUBvnug==\n"
        "-----END PUBLIC KEY-----\n"
    ),
}


class SigningKeyBody(Strict):
    """A key to add; for HS256 its secret is made here."""

    algorithm = fields.String(required=True, validate=OneOf(ALGORITHMS))
    kid = text(64, load_default=None, allow_none=True, metadata={"description": "Its name; default: one is made up."})
    public_key = text(LARGEST_PEM, load_default=None, allow_none=True, metadata={"description": "PEM; not for HS256."})


class SigningKeyAnswer(Answer):
    """A key as it stands."""

    kid = fields.String(required=True)
    algorithm = fields.String(required=True)
    public_key = fields.String(required=True, allow_none=True, metadata={"description": "PEM; null for HS256."})
    created_at = Moment(required=True)


class NewSigningKeyAnswer(SigningKeyAnswer):
    """A key as it was added."""

    secret = fields.String(allow_none=True, metadata={"description": "For HS256, shown only now; its text is the key."})


class RemovedSigningKeyAnswer(SigningKeyAnswer):
    """A key as it was removed."""

    unproved = fields.Integer(required=True, metadata={"description": "Browsers that lost their proof with it."})


class SigningKeysAnswer(Answer):
    """The keys of a site."""

    keys = fields.List(fields.Nested(SigningKeyAnswer), required=True)


@identity_keys.route("", methods=["GET"])
@identity_keys.doc(security=SECURITY)
@needs("manage")
@identity_keys.response(200, SigningKeysAnswer)
@identity_keys.fails(*API_KEY)
def get_signing_keys() -> dict[str, Any]:
    """List the signing keys of the site."""
    with store().reading() as session:
        return {"keys": [_show(row) for row in list_signing_keys(session, sender_site())]}


@identity_keys.route("", methods=["POST"])
@identity_keys.doc(security=SECURITY)
@needs("manage")
@identity_keys.arguments(SigningKeyBody, example=EXAMPLE_KEY)
@identity_keys.response(201, NewSigningKeyAnswer)
@identity_keys.fails(*API_KEY, *BODY, "invalid_signing_key", "signing_key_exists", "too_many_signing_keys")
def post_signing_key(body: dict[str, Any]) -> dict[str, Any]:
    """Add a signing key; tokens may be signed with the old ones and this one alike."""
    with store().writing() as session:
        new = add_signing_key(session, vault(), sender_site(), **body, now=now())
        audit(session, Action.SIGNING_KEY_ADDED, f"signing key {new.row.kid}")
    return _show(new.row) | {"secret": new.secret}


@identity_keys.route("/<kid>", methods=["DELETE"])
@identity_keys.doc(security=SECURITY, parameters=[UNPROVE])
@needs("manage")
@identity_keys.response(200, RemovedSigningKeyAnswer)
@identity_keys.fails(*API_KEY, "invalid", "signing_key_not_found")
def delete_signing_key(kid: str) -> dict[str, Any]:
    """Remove a signing key; its tokens count for nothing at once.

    With `unprove=true` so does what the site's tokens have proved by now: for a key that has leaked.
    """
    is_leaked = read_flag(read_query(UNPROVE["name"]), UNPROVE["name"])
    with store().writing() as session:
        row = remove_signing_key(session, sender_site(), kid)
        count = unprove(session, sender_site()) if is_leaked else 0
        audit(session, Action.SIGNING_KEY_REMOVED, f"signing key {row.kid}")
        if is_leaked:
            audit(session, Action.BROWSERS_UNPROVED, f"{count} browsers")
    return _show(row) | {"unproved": count}


def _show(row: SigningKey) -> dict[str, Any]:
    return {
        "kid": row.kid,
        "algorithm": row.algorithm,
        "public_key": open_public_key(vault(), sender_site(), row),
        "created_at": row.created_at,
    }
