"""Link tokens: the `?bell=` of a newsletter, with which an anonymous browser joins the reader's profile.

A link is no login. It moves no browser that somebody is known at, lifts no pause and no opt-out, and brings nobody back
who has left since it was made. Whoever gets a forwarded newsletter can follow it, which docs/identity.md says plainly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from sqlalchemy import select
from sqlalchemy.orm import Session

from sitebell.errors import Conflict, Invalid
from sitebell.models import (
    BoundBy,
    Enrollment,
    Profile,
    Site,
    Subscription,
    SubscriptionStatus,
    SuspendedBy,
)
from sitebell.services.binding.enrolling import NO_DATABASE, attach
from sitebell.services.binding.enrollments import EnrollmentResult, note_token, present_enrollment, result_of
from sitebell.services.binding.known import is_nobodys
from sitebell.services.databases import list_database_ids
from sitebell.services.erased_names import ErasedNames
from sitebell.services.identity.claims import read_claims
from sitebell.services.identity.signing_keys import (
    OWN_ALGORITHM,
    OWN_KID,
    VerificationKey,
    find_signing_key,
    own_key,
)
from sitebell.services.identity.tokens import EXPIRED, LINK, VerifiedToken, use_once, verify_token
from sitebell.services.locks import lock_profile
from sitebell.services.matching import Match, find_or_create_profile
from sitebell.services.messages.names import find_merged
from sitebell.services.vault import Vault

PARAMETER = "bell"
TYPE = LINK.types[0]

GONE = "Whom this link was made for is not known here any more: the profile was erased."
NOT_ANONYMOUS = "Somebody is known at this browser, or it has left or opted out since."


@dataclass(frozen=True)
class Link:
    """A token made for one person, and the profiles that it leads to."""

    token: str
    expires_at: datetime
    profiles: Sequence[Profile]


@dataclass(frozen=True)
class Followed:
    """What came of a link: where the browser joined, or why it did not."""

    joined: Sequence[EnrollmentResult] = ()
    refusal: Invalid | None = None


def make_link(session: Session, vault: Vault, site: Site, match: Match, lifetime: timedelta, now: datetime) -> Link:
    """Make a link for the person whom the match finds, or makes, in each database of the site.

    The token names profiles by their ids: an e-mail address in a URL would end up in logs.

    Raises:
        Conflict: `no_database`.
        Invalid: `empty_match`; or the match cannot be used.
        NotFound: `profile_not_found`.
    """
    if match.is_empty:
        raise Invalid("empty_match", "Say in match whom the link is for.")
    database_ids = list_database_ids(session, site)
    if not database_ids:
        raise Conflict("no_database", NO_DATABASE)
    if match.profile_id is not None:  # it is of one database
        owners = select(Profile.database_id).where(Profile.public_id == match.profile_id)
        database_ids = list(session.scalars(owners.where(Profile.database_id.in_(database_ids)))) or database_ids
    wanted = match.normalised()
    profiles = [find_or_create_profile(session, database_id, wanted, now)[0] for database_id in database_ids]
    expires_at = now + lifetime
    ids = [profile.public_id for profile in profiles]
    times = {"iat": int(now.timestamp()), "exp": int(expires_at.timestamp())}
    claims = {"aud": site.token, "sub": ids[0], "profiles": ids, **times}
    token = jwt.encode(claims, own_key(vault, site, TYPE).key, OWN_ALGORITHM, {"typ": TYPE, "kid": OWN_KID})
    return Link(token, expires_at, profiles)


def follow_link(
    session: Session, vault: Vault, site: Site, subscription: Subscription, token: str, now: datetime
) -> Followed:
    """Bind a subscription to the profiles of a link, in each database where nobody is known at this browser."""
    try:
        link = verify_token(token, LINK, lambda kid: _find_key(session, vault, site, kid), audience=site.token, now=now)
        _check_not_erased(session, vault, site, link)
        with session.begin_nested():
            joined = _join_all(session, site, subscription, link, now)
            use_once(session, site, link, LINK)
    except Invalid as refusal:
        return Followed(refusal=refusal)
    return Followed(joined)


def _check_not_erased(session: Session, vault: Vault, site: Site, link: VerifiedToken) -> None:
    """Refuse a link that the site signed before its reader was erased; one of ours names a profile, which is gone."""
    if link.kid != OWN_KID:
        match = read_claims(link.claims, LINK).match
        if ErasedNames(vault).cover(session, list_database_ids(session, site), match, link):
            raise LINK.fault(EXPIRED)


def _join_all(
    session: Session, site: Site, subscription: Subscription, link: VerifiedToken, now: datetime
) -> list[EnrollmentResult]:
    joined, is_gone = [], False
    find_profile = _finder(session, link, now)
    for database_id in list_database_ids(session, site):
        present = present_enrollment(session, subscription, database_id)
        if present is None or not present.seems_subscribed or not is_nobodys(session, subscription, database_id):
            continue
        profile = find_profile(database_id)
        is_gone = is_gone or profile is None
        if profile is not None and _may_come_back(session, subscription, profile, link):
            bound = attach(session, subscription, profile, now, exclusive=True, bound_by=BoundBy.LINK)
            note_token(session, bound, link.issued_at)
            joined.append(result_of(session, subscription, bound))
    if not joined or subscription.status != SubscriptionStatus.SUBSCRIBED:
        raise Invalid("link_not_used", GONE if is_gone and not joined else NOT_ANONYMOUS)
    return joined


def _finder(session: Session, link: VerifiedToken, now: datetime) -> Callable[[int], Profile | None]:
    """Return what finds the link's profile in a database: ours name ids, those of the site are as identity tokens."""
    if link.kid != OWN_KID:
        match = read_claims(link.claims, LINK).match
        return lambda database_id: find_or_create_profile(session, database_id, match, now)[0]
    found = [_find_by_id(session, public_id) for public_id in link.claims["profiles"]]
    by_database = {profile.database_id: profile.public_id for profile in found if profile is not None}

    def find(database_id: int) -> Profile | None:
        public_id = by_database.get(database_id)
        return None if public_id is None else _find_by_id(session, public_id, lock=True)

    return find


def _find_by_id(session: Session, public_id: str, *, lock: bool = False) -> Profile | None:
    """Find a profile, or the one into which it was merged, also between being found and being locked."""
    profile = session.scalars(select(Profile).where(Profile.public_id == public_id)).one_or_none()
    if profile is not None and (not lock or lock_profile(session, profile)):
        return profile
    merged = find_merged(session, public_id)
    return merged if merged is not None and (not lock or lock_profile(session, merged)) else None


def _may_come_back(session: Session, subscription: Subscription, profile: Profile, link: VerifiedToken) -> bool:
    """Say whether nothing that happened between the two speaks against it: no logout since, no pause, no opt-out."""
    query = select(Enrollment).where(Enrollment.subscription_id == subscription.id)
    former = session.scalars(query.where(Enrollment.profile_id == profile.id)).one_or_none()
    if former is None:
        return True
    is_free = former.seems_subscribed or former.suspended_by == SuspendedBy.REBIND
    return is_free and (former.left_at is None or link.counts_after(former.left_at, former.token_issued_at))


def _find_key(session: Session, vault: Vault, site: Site, kid: str | None) -> VerificationKey | None:
    return own_key(vault, site, TYPE) if kid == OWN_KID else find_signing_key(session, vault, site, kid)
