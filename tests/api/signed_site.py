"""A site, its back end that signs tokens, and one browser that shows them."""

from collections.abc import Iterable
from typing import Any, cast

from flask import Flask
from sqlalchemy import select

from sitebell.models import Enrollment, IdentityMode, Profile
from sitebell.services.identity.strictness import set_identity
from sitebell.services.sites import NewSite, get_site
from support.signer import Signer
from support.stopped_clock import StoppedClock
from support.web_application import Json, new_subscription, parts


class SignedSite:
    """Speaks to a site as its pages and as its back end do."""

    def __init__(self, app: Flask, new: NewSite) -> None:
        self.app, self.client, self.clock = app, app.test_client(), cast("StoppedClock", parts(app).clock)
        self.token, self.database_id = new.site.token, new.database_id
        self.back_end = {"Authorization": f"Bearer {new.api_key}"}
        self.subscription = new_subscription()

    def set_identity(self, mode: str) -> None:
        """Do what `sitebell sites set --identity` does."""
        with parts(self.app).store.writing() as session:
            set_identity(session, get_site(session, self.token), IdentityMode(mode), parts(self.app).clock())

    def add_key(self, signer: Signer) -> Signer:
        """Tell the server a signer's public key, or give the signer the secret that the server makes."""
        body = {"algorithm": signer.algorithm, "kid": signer.kid or "unnamed", "public_key": signer.public_key}
        added: Any = self.client.post("/v1/identity/keys", json=body, headers=self.back_end)
        assert added.status_code == 201, added.json
        if added.json["secret"]:
            signer.key = added.json["secret"].encode()
        return signer

    def put(self, subscription: Json | None = None, **members: Any) -> Json:
        """Register or refresh the browser, saying this about who it is; return the answer."""
        body = {"subscription": subscription or self.subscription, **members}
        answer: Any = self.client.put(f"/v1/sites/{self.token}/subscription", json=body)
        assert answer.status_code in (200, 201), answer.json
        result: Json = answer.json
        return result

    def log_out(self) -> None:
        """Detach the browser from whoever it belongs to."""
        body = {"subscription": self.subscription}
        assert self.client.post(f"/v1/sites/{self.token}/subscription/logout", json=body).status_code == 200

    def present(self) -> list[tuple[str | None, str | None, str, str]]:
        """Return external id, e-mail, status and proof of every enrollment that was not left."""
        query = (
            select(Profile.external_id, Profile.email, Enrollment.status, Enrollment.bound_by)
            .join(Enrollment, Enrollment.profile_id == Profile.id)
            .where(Enrollment.left_at.is_(None), Enrollment.database_id == self.database_id)
            .order_by(Enrollment.id)
        )
        with parts(self.app).store.reading() as session:
            return [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]

    def known(self) -> list[str | None]:
        """Return the external ids that the browser stands with now; None is its anonymous profile."""
        return [external_id for external_id, _, status, _ in self.present() if status == "subscribed"]

    def profiles(self) -> list[Profile]:
        """Return every profile of the site's database, in the order of creation."""
        query = select(Profile).where(Profile.database_id == self.database_id).order_by(Profile.id)
        with parts(self.app).store.reading() as session:
            return list(session.scalars(query))

    def fields_of(self, external_id: str, names: Iterable[str]) -> Json:
        """Return fields of a profile as the back end reads them."""
        [profile] = [row for row in self.profiles() if row.external_id == external_id]
        path = f"/v1/databases/{self.database_id}/profiles/{profile.public_id}"
        found: Any = self.client.get(path, headers=self.back_end)
        return {name: found.json["fields"].get(name) for name in names}

    def add_field(self, name: str, kind: str = "text", *, is_open: bool = False) -> None:
        """Define a field of the site's database."""
        body = {"name": name, "type": kind, "is_open": is_open}
        added = self.client.post(f"/v1/databases/{self.database_id}/fields", json=body, headers=self.back_end)
        assert added.status_code == 201, added.json


def refused(answer: Json, member: str = "identity") -> str:
    """Return the code with which an identity or a link was refused; everything else of the call was done."""
    told: Json = answer[member]
    assert told["status"] == "refused"
    assert len(told["message"]) > 10
    code: str = told["code"]
    return code
