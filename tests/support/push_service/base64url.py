"""Base64 without padding in the url-safe alphabet, the form of every key and token of Web Push (RFC 4648 section 5)."""

import base64
import re


def encode(data: bytes) -> str:
    """Encode without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Decode, with or without padding.

    Raises:
        ValueError: a character outside the alphabet, or an impossible length.
    """
    text = text.rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise ValueError("not base64url")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
