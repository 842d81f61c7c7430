"""Reads a VAPID pair as other systems keep it: PEM, JSON, or base64url."""

import base64
import json
import re
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sitebell.errors import Invalid
from sitebell.push.vapid import VapidKey

LARGEST_FILE = 64 * 1024
PRIVATE_NAMES = ("privateKey", "private_key", "vapid_private_key", "vapidPrivateKey", "private", "d")
PUBLIC_NAMES = ("publicKey", "public_key", "vapid_public_key", "vapidPublicKey", "public")
_WORD = re.compile(r"[A-Za-z0-9_+/-]{40,}={0,2}")
_PRIVATE_LENGTH, _PUBLIC_LENGTH = 32, 65
HOW = (
    "A file with a VAPID key holds its private half as PEM (EC PRIVATE KEY or PRIVATE KEY), as JSON with publicKey and"
    " privateKey (or a JWK), or as base64url."
)


def read_vapid_file(content: bytes) -> VapidKey:
    """Return the pair that a file holds; where it has both halves they must belong together.

    Raises:
        Invalid: `invalid_vapid_key`, with what is wrong.
    """
    try:
        text = content.decode("utf-8-sig")
    except ValueError as error:
        raise _refusal("This file is no text.") from error
    if "-----BEGIN" in text:
        return _from_pem(text)
    if text.lstrip().startswith("{"):
        return _from_json(text)
    return _from_words([_decode(word) for word in _WORD.findall(text)])


def _from_pem(text: str) -> VapidKey:
    start = re.search(r"-----BEGIN (?:EC )?PRIVATE KEY-----", text)
    if start is None:
        raise _refusal("This file holds no private key that is not encrypted.")
    try:
        key = load_pem_private_key(text[start.start() :].encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _refusal("This PEM file cannot be read.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _refusal("This key is of another kind than VAPID's, which is P-256.")
    return VapidKey(key)


def _from_json(text: str) -> VapidKey:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refusal("This JSON cannot be read.") from error
    for name in ("vapid_key", "vapid", "vapidKeys", "keys"):
        if isinstance(found.get(name), dict):
            found = found[name]
    return read_vapid_values(found)


def read_vapid_values(found: Any) -> VapidKey:
    """Return the pair of a JSON object, by the names that other systems give to its halves.

    Raises:
        Invalid: `invalid_vapid_key`, with what is wrong.
    """
    if not isinstance(found, dict):
        raise _refusal("This is no JSON object with a key.")
    words = [next((found[name] for name in names if name in found), None) for names in (PRIVATE_NAMES, PUBLIC_NAMES)]
    return _from_words([_decode(word) for word in words if isinstance(word, str)])


def _from_words(words: list[bytes]) -> VapidKey:
    private = [word for word in words if len(word) == _PRIVATE_LENGTH]
    public = [word for word in words if len(word) == _PUBLIC_LENGTH]
    if len(private) != 1 or len(public) > 1:
        raise _refusal("This file holds no private key, or more than one.")
    key = VapidKey.from_private(private[0])
    if public and public[0] != key.public:
        raise _refusal("The two halves of this pair do not belong together.")
    return key


def _decode(word: str) -> bytes:
    """Return the bytes of a word in base64url or base64, or none if it is neither."""
    plain = word.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except ValueError:
        return b""


def _refusal(what: str) -> Invalid:
    return Invalid("invalid_vapid_key", f"{what} {HOW}")
