"""Tokens that a site's back end signs (JWT, RFC 7519), and what must be so before a word of them counts (SEC-20)."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sitebell.errors import Invalid
from sitebell.models import Site, UsedToken
from sitebell.services.identity.signing_keys import VerificationKey

LONGEST_TOKEN = 8192  # bytes
LONGEST_JTI = 200
LEEWAY = timedelta(seconds=60)
FORBIDDEN_HEADERS = ("jku", "jwk", "x5u", "x5c", "crit", "b64")  # would let the token choose its own key or rules

EXPIRED = "has expired"  # also what is said of one from before an erase: it tells nobody that there was one

KeyFinder = Callable[[str | None], VerificationKey | None]


class InvalidIdentity(Invalid):
    """An identity token does not count; the browser stays bound as it was."""

    def __init__(self, reason: str) -> None:
        super().__init__("invalid_identity", f"The identity token {reason}.")


class InvalidLink(Invalid):
    """A link token does not count."""

    def __init__(self, reason: str) -> None:
        super().__init__("invalid_link", f"The link {reason}.")


@dataclass(frozen=True)
class Purpose:
    """What a token is for: its `typ` keeps one purpose's tokens from serving the other (RFC 8725 section 3.11)."""

    types: tuple[str, ...]
    lifetime: timedelta
    fault: Callable[[str], Invalid]


IDENTITY = Purpose(("", "jwt"), timedelta(hours=24), InvalidIdentity)
LINK = Purpose(("bell-link+jwt",), timedelta(days=30), InvalidLink)


@dataclass(frozen=True)
class VerifiedToken:
    """The claims of a token whose signature, audience and times are right."""

    kid: str | None
    claims: Mapping[str, Any]
    issued_at: datetime
    expires_at: datetime
    jti: str | None

    def counts_after(self, left_at: datetime, bound_with: datetime | None) -> bool:
        """Say whether it was issued after its browser left a person, or in that second: iat counts whole ones.

        No leeway is given: as long as it lasts, whoever kept a token could undo a logout. Nor does one count that is
        as old as the token with which the browser was bound, `bound_with`, or older: a back end's clock may be ahead.
        """
        is_newer = bound_with is None or bound_with < self.issued_at
        return is_newer and left_at < self.issued_at.replace(microsecond=0) + timedelta(seconds=1)


def verify_token(token: str, purpose: Purpose, find_key: KeyFinder, *, audience: str, now: datetime) -> VerifiedToken:
    """Verify a token and return its claims, whose shape is not looked at yet.

    Raises:
        Invalid: by `purpose.fault`, with the reason.
    """
    if len(token.encode()) > LONGEST_TOKEN:
        raise purpose.fault(f"has more than {LONGEST_TOKEN} bytes")
    kid = _check_header(token, purpose)
    key = find_key(kid)
    if key is None:
        raise purpose.fault("names no signing key of this site, or none although there are several")
    claims = _open(token, key, purpose)
    if claims.get("aud") != audience:
        raise purpose.fault("is not for this site: aud must be the site's token")
    issued_at, expires_at = _check_times(claims, purpose, now)
    jti = claims.get("jti")
    if jti is not None and not (isinstance(jti, str) and 1 <= len(jti) <= LONGEST_JTI):
        raise purpose.fault(f"has a jti that is no text of 1 to {LONGEST_JTI} characters")
    return VerifiedToken(kid, claims, issued_at, expires_at, jti)


def use_once(session: Session, site: Site, token: VerifiedToken, purpose: Purpose) -> None:
    """Use up a token that has a `jti`; raises by `purpose.fault` when it was used before for the same purpose."""
    if token.jti is None:
        return
    try:
        with session.begin_nested():
            digest = _digest(purpose, token.jti)
            session.add(UsedToken(site_id=site.id, jti_hash=digest, expires_at=token.expires_at + LEEWAY))
    except IntegrityError:
        raise purpose.fault("was used already") from None


def give_back(session: Session, site: Site, token: VerifiedToken, purpose: Purpose) -> None:
    """Undo `use_once` of the same transaction: nothing came of the token, so it may be shown again."""
    if token.jti is not None:
        used = delete(UsedToken).where(UsedToken.site_id == site.id, UsedToken.jti_hash == _digest(purpose, token.jti))
        session.execute(used)


def _digest(purpose: Purpose, jti: str) -> bytes:
    """Hash a `jti` with what it was used for: a site may count its links and its logins each from 1."""
    return hashlib.sha256(f"{purpose.types[0]} {jti}".encode(errors="surrogatepass")).digest()


def _check_header(token: str, purpose: Purpose) -> str | None:
    """Return the kid; it only ever chooses among the site's own keys."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise purpose.fault("is no JWT") from None
    forbidden = [name for name in FORBIDDEN_HEADERS if name in header]
    if forbidden:
        raise purpose.fault(f"has the header {forbidden[0]}, which is not allowed")
    if str(header.get("typ", "")).lower() not in purpose.types:
        raise purpose.fault("has a typ of another purpose")
    kid: str | None = header.get("kid")
    return kid


def _open(token: str, key: VerificationKey, purpose: Purpose) -> dict[str, Any]:
    """Check the signature by the key's own algorithm, whatever the token says; times go by our clock, not by jwt's."""
    ours = {f"verify_{claim}": False for claim in ("aud", "exp", "iat", "nbf", "sub", "jti", "iss")}
    options: Any = {**ours, "require": ["aud", "exp", "iat", "sub"], "enforce_minimum_key_length": True}
    try:
        claims: dict[str, Any] = jwt.decode(token, key.key, algorithms=[key.algorithm], options=options)
    except jwt.MissingRequiredClaimError as error:
        raise purpose.fault(f"lacks the claim {error.claim}") from None
    except jwt.InvalidAlgorithmError:
        raise purpose.fault(f"is not signed with {key.algorithm}, the algorithm of its key") from None
    except jwt.InvalidTokenError:
        raise purpose.fault("is not signed by the site's key") from None
    return claims


def _check_times(claims: Mapping[str, Any], purpose: Purpose, now: datetime) -> tuple[datetime, datetime]:
    issued, expires, begins = (_seconds(claims.get(name, 0), purpose) for name in ("iat", "exp", "nbf"))
    present = now.timestamp()
    if not 0 < expires - issued <= purpose.lifetime.total_seconds():
        hours = purpose.lifetime // timedelta(hours=1)
        raise purpose.fault(f"must expire after its iat, and at most {hours} hours after it")
    leeway = LEEWAY.total_seconds()
    if max(issued, begins) > present + leeway:
        raise purpose.fault("is from the future: compare the clocks of the two servers")
    if expires + leeway <= present:
        raise purpose.fault(EXPIRED)
    return datetime.fromtimestamp(issued, UTC), datetime.fromtimestamp(expires, UTC)


def _seconds(value: Any, purpose: Purpose) -> float:
    """Return a NumericDate: seconds since 1970 (RFC 7519 section 2)."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12 and math.isfinite(value):
        return float(value)
    raise purpose.fault("has times that are not seconds since 1970")
