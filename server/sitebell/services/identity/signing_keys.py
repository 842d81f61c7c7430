"""The keys that prove a site's tokens: one algorithm each, found only inside their own site (SEC-20, SEC-21)."""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sitebell.db import QUIET
from sitebell.errors import Conflict, Invalid, NotFound
from sitebell.models import BoundBy, Enrollment, SigningKey, Site, Subscription
from sitebell.services.locks import lock_subscriptions
from sitebell.services.receipts import open_receipt_key
from sitebell.services.vault import Vault

SHARED = "HS256"
ALGORITHMS = ("ES256", "RS256", "EdDSA", SHARED)
MAX_KEYS = 10
LARGEST_PEM = 8192
SMALLEST_RSA = 2048  # bits; NIST SP 800-131A
OWN_KID = "sitebell"  # names the keys of our own tokens
OWN_ALGORITHM = SHARED

_KID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_WANTED = {
    "ES256": "the public key of an EC pair on P-256",
    "RS256": f"an RSA public key of at least {SMALLEST_RSA} bits",
    "EdDSA": "an Ed25519 public key",
}


@dataclass(frozen=True)
class VerificationKey:
    """What verifies a signature: PEM of a public key, or the bytes of a shared secret."""

    algorithm: str
    key: bytes


@dataclass(frozen=True)
class NewSigningKey:
    """A key as it was added; `secret` is there for HS256 alone and shown only now."""

    row: SigningKey
    secret: str | None


def add_signing_key(
    session: Session,
    vault: Vault,
    site: Site,
    *,
    algorithm: str,
    kid: str | None,
    public_key: str | None,
    now: datetime,
) -> NewSigningKey:
    """Add a key: the public half of the site's own pair, or for HS256 a secret that is made here.

    Raises:
        Invalid: `invalid_signing_key`, the algorithm, the kid or the key cannot be used.
        Conflict: `signing_key_exists`, or `too_many_signing_keys`.
    """
    kid = _check_kid(kid or secrets.token_hex(4))
    if len(list_signing_keys(session, site)) >= MAX_KEYS:
        raise Conflict("too_many_signing_keys", f"A site has at most {MAX_KEYS} signing keys: remove an old one.")
    secret = _make_secret(public_key) if algorithm == SHARED else None
    material = secret.encode() if secret else _check_public_key(algorithm, public_key)
    sealed = vault.seal(_context(site, kid), material)
    row = SigningKey(site_id=site.id, kid=kid, algorithm=algorithm, key=sealed, created_at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("signing_key_exists", f"The site has a signing key {kid} already: choose another kid.") from None
    return NewSigningKey(row, secret)


def list_signing_keys(session: Session, site: Site) -> Sequence[SigningKey]:
    """Return the keys of a site in the order of their adding."""
    return session.scalars(select(SigningKey).where(SigningKey.site_id == site.id).order_by(SigningKey.id)).all()


def remove_signing_key(session: Session, site: Site, kid: str) -> SigningKey:
    """Remove a key; its tokens count for nothing from now on.

    Raises:
        NotFound: `signing_key_not_found`.
    """
    row = _get(session, site, kid) if _KID.fullmatch(kid) else None
    if row is None:
        raise NotFound("signing_key_not_found", "The site has no such signing key: see `sitebell identity list`.")
    session.execute(delete(SigningKey).where(SigningKey.id == row.id))
    return row


def unprove(session: Session, site: Site) -> int:
    """Take back what tokens have proved of a site's browsers, after a key has leaked; return of how many.

    No enrollment knows by which key it was proved, so it is all of them: honest visitors prove theirs again at their
    next visit. What somebody has written into profiles stays.
    """
    is_proved = Enrollment.bound_by == BoundBy.SIGNED
    proved = select(Enrollment.subscription_id).where(is_proved)
    ours = lock_subscriptions(session, Subscription.site_id == site.id, Subscription.id.in_(proved))
    of_site = Enrollment.subscription_id.in_(select(Subscription.id).where(Subscription.site_id == site.id))
    change = update(Enrollment).where(is_proved, of_site).values(bound_by=BoundBy.OPEN)
    session.execute(change, execution_options=QUIET)
    return len(ours)


def find_signing_key(session: Session, vault: Vault, site: Site, kid: str | None) -> VerificationKey | None:
    """Return the key that a token names; one that names none means the site's only key."""
    if kid is None:
        rows = list_signing_keys(session, site)
        row = rows[0] if len(rows) == 1 else None
    else:
        row = _get(session, site, kid) if _KID.fullmatch(kid) else None
    if row is None:
        return None
    return VerificationKey(row.algorithm, vault.open(_context(site, row.kid), row.key))


def open_public_key(vault: Vault, site: Site, row: SigningKey) -> str | None:
    """Return the PEM of a public key; a shared secret is never shown again."""
    return None if row.algorithm == SHARED else vault.open(_context(site, row.kid), row.key).decode()


def own_key(vault: Vault, site: Site, typ: str) -> VerificationKey:
    """Derive the key of our own tokens of one type from the site's secret; identity tokens never look here."""
    return VerificationKey(OWN_ALGORITHM, hmac.digest(open_receipt_key(vault, site), typ.encode(), "sha256"))


def _check_kid(kid: str) -> str:
    if not _KID.fullmatch(kid) or kid == OWN_KID:
        raise Invalid("invalid_signing_key", f"A kid has 1 to 64 of A-Z a-z 0-9 . _ - and is not {OWN_KID}.")
    return kid


def _get(session: Session, site: Site, kid: str) -> SigningKey | None:
    query = select(SigningKey).where(SigningKey.site_id == site.id, SigningKey.kid == kid)
    return session.scalars(query).one_or_none()


def _context(site: Site, kid: str) -> str:
    return f"signing:{site.id}:{kid}"


def _make_secret(public_key: str | None) -> str:
    if public_key is not None:
        raise Invalid("invalid_signing_key", f"{SHARED} has no public key: its secret is made here.")
    return secrets.token_urlsafe(32)


def _check_public_key(algorithm: str, pem: str | None) -> bytes:
    """Return the key as we write it: what cannot be read once is never stored."""
    if algorithm not in _WANTED:
        raise Invalid("invalid_signing_key", f"The algorithm is one of {', '.join(ALGORITHMS)}.")
    fault = Invalid(
        "invalid_signing_key", f"{algorithm} takes {_WANTED[algorithm]} as PEM (-----BEGIN PUBLIC KEY-----)."
    )
    if pem is None or len(pem) > LARGEST_PEM:
        raise fault
    if "PRIVATE KEY" in pem:
        raise Invalid("invalid_signing_key", "That is a private key, which nobody else may have: give its public half.")
    try:
        key = load_pem_public_key(pem.encode())
    except Exception as error:  # cryptography has several kinds, also for curves that it does not know
        raise fault from error
    match algorithm, key:
        case "ES256", EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1):
            pass
        case "RS256", RSAPublicKey() if key.key_size >= SMALLEST_RSA:
            pass
        case "EdDSA", Ed25519PublicKey():
            pass
        case _:
            raise fault
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
