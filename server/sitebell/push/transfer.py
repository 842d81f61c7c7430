"""One libcurl handle and the request that it carries at the moment; handles are used again and again."""

import ssl
from datetime import datetime
from pathlib import Path
from typing import Any

import pycurl

from sitebell.errors import SitebellError
from sitebell.push.answer import no_answer, read_answer
from sitebell.push.dialing import Pin
from sitebell.push.exchange import Outcome, Request

MAX_BODY = 4096
MAX_HEADERS = 16 * 1024

_FIRST_FINAL_STATUS = 200
_TOO_LONG_A_HEADER = 100  # CURLE_TOO_LARGE, which older bindings do not name; libcurl keeps no line beyond 100 KiB
# What a connection ends with that its server had closed while nobody used it.
_LOST = frozenset((pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR, pycurl.E_GOT_NOTHING, pycurl.E_HTTP2))
# Sooner than push services and what stands before them close idle connections.
_LONGEST_IDLE_S = 45
_CUT = 0  # what a callback returns to end the transfer
_AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
_HEADERS = (
    "Accept:",
    "Accept-Encoding: identity",
    "Expect:",
)


def transfer_options(timeout: float, connect_timeout: float, ca_file: str | None) -> list[tuple[int, Any]]:
    """Return the options that all handles share: HTTPS only, always verified, no redirects, one deadline.

    Args:
        timeout: seconds for a whole request.
        connect_timeout: seconds until the connection stands, TLS included.
        ca_file: PEM file of the authorities to trust; without one those of the system are.

    Raises:
        SitebellError: `invalid_push_ca_file`, there is no certificate to be read.
    """
    return [
        (pycurl.PROTOCOLS, pycurl.PROTO_HTTPS),
        (pycurl.POST, 1),
        (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
        (pycurl.PATH_AS_IS, 1),
        (pycurl.FOLLOWLOCATION, 0),
        (pycurl.NOSIGNAL, 1),
        (pycurl.TCP_KEEPALIVE, 1),
        (pycurl.MAXAGE_CONN, _LONGEST_IDLE_S),
        (pycurl.TIMEOUT_MS, int(timeout * 1000)),
        (pycurl.CONNECTTIMEOUT_MS, int(connect_timeout * 1000)),
        (pycurl.SSL_VERIFYPEER, 1),
        (pycurl.SSL_VERIFYHOST, 2),
        (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
        (pycurl.USERAGENT, "sitebell"),
        *_trust(ca_file),
    ]


class Transfer:
    """Carries one request at a time and collects, within bounds, what is answered.

    Args:
        options: set once, on the new handle.
    """

    __slots__ = ("_body", "_complete", "_header_bytes", "_is_second", "_pinned", "_retry_after", "curl", "request")

    request: Request

    def __init__(self, options: list[tuple[int, Any]]) -> None:
        self.curl = pycurl.Curl()
        for option, value in options:
            self.curl.setopt(option, value)
        self.curl.setopt(pycurl.HEADERFUNCTION, self._read_header)
        self.curl.setopt(pycurl.WRITEFUNCTION, self._read_body)
        self._pinned: Pin | None = None

    def begin(self, request: Request, pin: Pin) -> None:
        """Put a request on the handle; the answer of the one before is forgotten."""
        self.request = request
        self._is_second = False
        self._forget_answer()
        setopt = self.curl.setopt
        setopt(pycurl.URL, request.endpoint.url)
        setopt(pycurl.POSTFIELDS, request.body)
        setopt(pycurl.HTTPHEADER, [*_HEADERS, *request.headers])
        if pin is not self._pinned:
            setopt(pycurl.RESOLVE, pin.resolve)
            self._pinned = pin

    def begin_again(self, error: int) -> bool:
        """Make ready for a second try if that is due, and tell.

        It is, once, when an old connection broke before a byte of the answer came: then its server had most likely
        closed it unused. Browsers do the same; libcurl does for HTTP/1.1 only.
        """
        is_due = error in _LOST and not self._is_second and not self._header_bytes
        if is_due and self.curl.getinfo(pycurl.NUM_CONNECTS) == 0:
            self._is_second = True
            self._forget_answer()
            return True
        return False

    def multiplexed(self) -> bool:
        """Tell whether the answer came over HTTP/2."""
        return bool(self.curl.getinfo(pycurl.INFO_HTTP_VERSION) >= pycurl.CURL_HTTP_VERSION_2_0)

    def outcome(self, error: int, message: str, now: datetime) -> Outcome:
        """Return what came of the request.

        An answer counts as soon as its headers are whole: what ends the transfer after that, such as a body without
        end, can't change what the push service has decided.

        Args:
            error: libcurl's code, 0 for none.
            message: libcurl's words for it.
        """
        status = self.curl.getinfo(pycurl.RESPONSE_CODE) if self._complete else 0
        if status >= _FIRST_FINAL_STATUS:
            return read_answer(status, self._retry_after, self._body, self.request.endpoint, now)
        if self._header_bytes > MAX_HEADERS or error == _TOO_LONG_A_HEADER:
            message = f"the answer had more than {MAX_HEADERS} bytes of headers"
        return no_answer(message or f"libcurl error {error}", self.request.endpoint)

    def close(self) -> None:
        """Give the handle back; it must not be in use."""
        self.curl.close()

    def _forget_answer(self) -> None:
        self._body = b""
        self._retry_after = ""
        self._header_bytes = 0
        self._complete = False

    def _read_header(self, line: bytes) -> int | None:
        self._header_bytes += len(line)
        if self._header_bytes > MAX_HEADERS:
            return _CUT
        if line == b"\r\n":
            self._complete = True
        elif line.startswith(b"HTTP/"):  # another head: the one before was a proxy's, or an interim one
            self._complete = False
            self._retry_after = ""
        elif line[:12].lower() == b"retry-after:":
            self._retry_after = line[12:].decode("latin-1")
        return None

    def _read_body(self, chunk: bytes) -> int | None:
        room = MAX_BODY - len(self._body)
        self._body += chunk[:room]
        return None if len(chunk) <= room else _CUT


def _trust(ca_file: str | None) -> list[tuple[int, Any]]:
    # libcurl from a wheel looks where its builder's system keeps the authorities, which is elsewhere on most others.
    paths = ssl.get_default_verify_paths()
    found = ca_file or paths.cafile or next((path for path in _AUTHORITIES if Path(path).is_file()), None)
    if found is None and paths.capath:
        return [(pycurl.CAPATH, paths.capath), (pycurl.PROXY_CAPATH, paths.capath)]
    try:
        ssl.create_default_context(cafile=found or "")
    except OSError:
        raise SitebellError(
            "invalid_push_ca_file",
            f"No certificate authorities could be read from {found or 'this system'}: install the package "
            "ca-certificates, or let SITEBELL_PUSH_CA_FILE name a PEM file.",
            500,
        ) from None
    return [(pycurl.CAINFO, found), (pycurl.PROXY_CAINFO, found)]
