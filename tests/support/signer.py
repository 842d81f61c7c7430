"""A site's back end as far as it signs tokens: a key of its own, and what it says with it."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

HOUR = timedelta(hours=1)


class Signer:
    """Signs tokens with one key, by default as `docs/identity.md` says; `kid` None leaves it out."""

    def __init__(self, algorithm: str = "ES256", kid: str | None = "first", secret: str | None = None) -> None:
        self.algorithm, self.kid, self.public_key = algorithm, kid, None
        if algorithm == "HS256":
            self.key = (secret or secrets.token_urlsafe(32)).encode()
            return
        private = _generate(algorithm)
        self.key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = public.decode()

    def sign(
        self,
        site: str,
        now: datetime,
        *,
        sub: Any = "customer-42",
        lifetime: timedelta = HOUR,
        headers: dict[str, Any] | None = None,
        without: str = "",
        **claims: Any,
    ) -> str:
        """Return a token for a site; `claims` come over the usual ones, and one of them can be left out."""
        usual = {"aud": site, "sub": sub, "iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
        said = {name: value for name, value in {**usual, **claims}.items() if name != without}
        named = {} if self.kid is None else {"kid": self.kid}
        return jwt.encode(said, self.key, self.algorithm, {**named, **(headers or {})})

    def link(self, site: str, now: datetime, **options: Any) -> str:
        """Return a link token for a site."""
        return self.sign(site, now, headers={"typ": "bell-link+jwt"}, **options)

    @staticmethod
    def read(token: str) -> dict[str, Any]:
        """Return the claims of a token, as everybody can who sees it."""
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return claims


def _generate(algorithm: str) -> Any:
    if algorithm == "RS256":
        return rsa.generate_private_key(65537, 2048)
    return ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else ec.generate_private_key(ec.SECP256R1())
