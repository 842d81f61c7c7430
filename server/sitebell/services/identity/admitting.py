"""Whose word counts: on an open site anybody's, on a signed one only that of a verified token."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import BoundBy, Enrollment, Field, Site, SiteDatabase, Subscription
from sitebell.services.binding.enrolling import Introduction
from sitebell.services.binding.holding import find_person
from sitebell.services.databases import list_database_ids
from sitebell.services.erased_names import ErasedNames
from sitebell.services.identity.claims import read_claims
from sitebell.services.identity.signing_keys import find_signing_key
from sitebell.services.identity.strictness import is_signed
from sitebell.services.identity.tokens import EXPIRED, IDENTITY, VerifiedToken, use_once, verify_token
from sitebell.services.matching import NO_MATCH, Match
from sitebell.services.tags import NO_TAGS, TagChange
from sitebell.services.vault import Vault

MATCH_KEYS = ("profile_id", "external_id", "email", "phone", "custom")


@dataclass(frozen=True)
class Shown:
    """An identity token, and the locked browser whose page shows it."""

    token: str
    subscription: Subscription


@dataclass(frozen=True)
class Admission:
    """What of an introduction counts, by which token, and why the rest does not."""

    introduction: Introduction
    token: VerifiedToken | None = None
    refusal: Invalid | None = None

    @property
    def is_verified(self) -> bool:
        """A token of the site's back end says it."""
        return self.token is not None


def admit(
    session: Session, vault: Vault, site: Site, introduction: Introduction, shown: Shown | None, now: datetime
) -> Admission:
    """Decide what a page may say about who its visitor is.

    A refusal takes all of it away, fields and tags included, since they were meant for the one who was refused; the
    browser stays bound as it is. A token counts on open sites too, and one that does not verify is refused there as
    well: a page that sends one means it.
    """
    try:
        if shown is not None:
            return _prove(session, vault, site, introduction, shown, now)
        if is_signed(session, site.id):
            _check_unsigned(session, site, introduction)
    except Invalid as refusal:
        return Admission(replace(introduction, match=NO_MATCH, fields={}, tags=NO_TAGS), refusal=refusal)
    return Admission(introduction)


def _prove(session: Session, vault: Vault, site: Site, said: Introduction, shown: Shown, now: datetime) -> Admission:
    """Return what the token says, after the page's own words were found to agree with it."""
    verified = verify_token(
        shown.token, IDENTITY, lambda kid: find_signing_key(session, vault, site, kid), audience=site.token, now=now
    )
    claims = read_claims(verified.claims, IDENTITY)
    asked = list_database_ids(session, site) if said.database_ids is None else said.database_ids
    if ErasedNames(vault).cover(session, asked, claims.match, verified):
        raise IDENTITY.fault(EXPIRED)
    _check_match(said.match, claims.match)
    is_closed = is_signed(session, site.id)
    _check_tags(said.tags, claims.tags, may_differ=not is_closed and claims.tags.is_empty)
    own_words = _check_fields(said.fields, claims.fields)
    if is_closed:
        _check_open(session, site, said.database_ids, own_words)
    _check_not_left(session, shown.subscription, asked, claims.match, verified)
    use_once(session, site, verified, IDENTITY)
    proved = replace(
        said,
        match=claims.match,
        fields={**said.fields, **claims.fields},
        tags=said.tags if claims.tags.is_empty else claims.tags,
        bound_by=BoundBy.SIGNED,
        token_issued_at=verified.issued_at,
    )
    return Admission(proved, verified)


def _check_not_left(
    session: Session, subscription: Subscription, asked: Sequence[int], proved: Match, token: VerifiedToken
) -> None:
    """Refuse a token from before the browser left its person: shown again it would undo a logout."""
    query = select(Enrollment).where(Enrollment.subscription_id == subscription.id, Enrollment.database_id.in_(asked))
    left = defaultdict(set)
    for row in session.scalars(query):
        if row.left_at is not None and not token.counts_after(row.left_at, row.token_issued_at):
            left[row.database_id].add(row.profile_id)
    if any(find_person(session, database_id, proved) in ids for database_id, ids in left.items()):
        raise IDENTITY.fault("was issued before this browser logged out of it: get a new one after the login")


def _check_match(said: Match, proved: Match) -> None:
    """Refuse a page's match that is not, value by value, the token's: it would mix two people."""
    for name in MATCH_KEYS:
        if getattr(said, name) is None:
            continue
        try:
            word = getattr(said.normalised(), name)
        except Invalid:
            raise _mismatch(f"match.{name}") from None
        if word != getattr(proved, name):
            raise _mismatch(f"match.{name}")


def _check_tags(said: TagChange, proved: TagChange, *, may_differ: bool) -> None:
    is_same = set(said.add) == set(proved.add) and set(said.remove) == set(proved.remove)
    if not (said.is_empty or is_same or may_differ):
        raise _mismatch("tags")


def _check_fields(said: Mapping[str, Any], proved: Mapping[str, Any]) -> set[str]:
    """Return the fields that the page alone speaks of; raises when it contradicts the token about another."""
    for name in set(said) & set(proved):
        if said[name] != proved[name]:
            raise _mismatch(f"fields.{name}")
    return set(said) - set(proved)


def _mismatch(member: str) -> Invalid:
    return Invalid(
        "identity_mismatch", f"{member} is not what the identity token says: send what it says, or leave it out."
    )


def _check_unsigned(session: Session, site: Site, said: Introduction) -> None:
    """Let through what a signed site takes from a page without a token: words about nobody's identity."""
    sentence = "This site takes {} only from a token of its back end: send it as identity."
    if not said.match.is_empty:
        raise Invalid("identity_required", sentence.format("identities"))
    if not said.tags.is_empty:
        raise Invalid("identity_required", sentence.format("tags"))
    _check_open(session, site, said.database_ids, said.fields)


def _check_open(session: Session, site: Site, database_ids: Iterable[int] | None, names: Iterable[str]) -> None:
    """Refuse fields that are not open in every database of the site that has them."""
    wanted = set(names)
    if not wanted:
        return
    query = select(Field.name, Field.is_open).join(SiteDatabase, SiteDatabase.database_id == Field.database_id)
    query = query.where(SiteDatabase.site_id == site.id, Field.name.in_(wanted))
    if database_ids is not None:
        query = query.where(Field.database_id.in_(list(database_ids)))
    rows = session.execute(query).all()
    closed = wanted - {name for name, _ in rows} | {name for name, is_open in rows if not is_open}
    if closed:
        raise Invalid(
            "identity_required",
            f"This site takes the field {min(closed)} only from a token of its back end: send it as a claim.",
        )
