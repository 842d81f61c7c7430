"""A minimal sender of Web Push, independent of Sitebell's engine, to try the push service double with."""

import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import http_ece
import jwt
import pycurl
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.push_service import base64url

HttpVersion = Literal["HTTP/2", "HTTP/1.1"]
CURL_VERSIONS = {"HTTP/2": pycurl.CURL_HTTP_VERSION_2_0, "HTTP/1.1": pycurl.CURL_HTTP_VERSION_1_1}


@dataclass(frozen=True)
class Reply:
    """What the push service answered; header names are in lower case."""

    status: int
    http_version: HttpVersion
    headers: dict[str, str]
    body: bytes


class ApplicationServer:
    """Has a VAPID key pair, its own unless given; posts through the proxy that `PushService.settings()` names."""

    def __init__(self, settings: Mapping[str, str], key: ec.EllipticCurvePrivateKey | None = None) -> None:
        self._settings = settings
        self._key = key or ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key = base64url.encode(point)

    def authorization(self, endpoint: str, **claims: Any) -> str:
        """Return a VAPID header (RFC 8292 section 3); `claims` replace the usual ones."""
        url = urlsplit(endpoint)
        usual = {
            "aud": f"https://{url.hostname}",
            "exp": int(time.time()) + 3600,
            "sub": "mailto:webmaster@shop.example",
        }
        token = jwt.encode(usual | claims, self._key, algorithm="ES256")
        return f"vapid t={token}, k={self.public_key}"

    def send(
        self,
        subscription: Mapping[str, Any],
        plaintext: bytes | None,
        headers: Mapping[str, str] | None = None,
        http_version: HttpVersion = "HTTP/2",
        timeout: float = 20,
    ) -> Reply:
        """Encrypt and post one message (RFC 8291, RFC 8030); None sends no body at all.

        Args:
            subscription: as `PushSubscription.toJSON()` gives it.
            headers: besides or instead of the usual ones; "" leaves one out.
        """
        endpoint = subscription["endpoint"]
        usual = {"Authorization": self.authorization(endpoint), "TTL": "60"}
        body = b""
        if plaintext is not None:
            body = encrypt(plaintext, subscription["keys"])
            usual["Content-Encoding"] = "aes128gcm"
        return self.post(endpoint, body, usual | dict(headers or {}), http_version, timeout=timeout)

    def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        http_version: HttpVersion = "HTTP/2",
        method: str = "POST",
        timeout: float = 20,
    ) -> Reply:
        """Make one request; a header with the value "" is left out.

        Raises:
            pycurl.error: no answer.
        """
        head, content = io.BytesIO(), io.BytesIO()
        curl = self._curl(http_version, timeout)
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.CUSTOMREQUEST, method)
        curl.setopt(pycurl.POSTFIELDS, body)
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items() if value])
        curl.setopt(pycurl.WRITEHEADER, head)
        curl.setopt(pycurl.WRITEDATA, content)
        try:
            curl.perform()
            return _reply(curl.getinfo(pycurl.RESPONSE_CODE), head.getvalue().decode("latin-1"), content)
        finally:
            curl.close()

    def _curl(self, http_version: HttpVersion, timeout: float) -> pycurl.Curl:
        curl = pycurl.Curl()
        curl.setopt(pycurl.HTTP_VERSION, CURL_VERSIONS[http_version])
        curl.setopt(pycurl.PROXY, self._settings["SITEBELL_PUSH_PROXY"])
        curl.setopt(pycurl.CAINFO, self._settings["SITEBELL_PUSH_CA_FILE"])
        curl.setopt(pycurl.TIMEOUT_MS, int(timeout * 1000))
        return curl


def encrypt(plaintext: bytes, keys: Mapping[str, str]) -> bytes:
    """Return the aes128gcm body for a subscription's keys (RFC 8291 section 4)."""
    body: bytes = http_ece.encrypt(
        plaintext,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=base64url.decode(keys["p256dh"]),
        auth_secret=base64url.decode(keys["auth"]),
        version="aes128gcm",
    )
    return body


def _reply(status: int, head: str, content: io.BytesIO) -> Reply:
    # The proxy's own header comes before it.
    version, *lines = head.strip().split("\r\n\r\n")[-1].split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    return Reply(status, "HTTP/2" if version.startswith("HTTP/2") else "HTTP/1.1", headers, content.getvalue())
