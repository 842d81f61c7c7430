"""Decides which network addresses are dialled: checked when the name is resolved, and again on every dial (SEC-04)."""

import ipaddress
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pycurl

from sitebell.errors import Invalid
from sitebell.push.endpoint import is_public_address
from sitebell.push.names import Lookup, Names, Resolver

HTTPS_PORT = 443

# A connection whose packets are lost would swallow requests for minutes; only the kernel notices it early.
_UNANSWERED_PACKETS_MS = 10_000
_KEPT_PINS = 1000


@dataclass(frozen=True, slots=True)
class Pin:
    """Where libcurl finds the addresses of a host, so that it never asks a name server itself.

    Args:
        resolve: what CURLOPT_RESOLVE takes; empty when no name decides where to dial.
        problem: why there is nowhere to dial, or "".
    """

    resolve: list[str] = field(default_factory=list)
    problem: str = ""


_NOT_BY_NAME = Pin()


@dataclass(frozen=True, slots=True)
class Proxy:
    """The egress proxy: all that is dialled then, since it resolves the names of the push services itself.

    Args:
        url: `http://` or `https://`, host and port, possibly with user name and password.
        host: lower case; a name or an address.
    """

    url: str = field(repr=False)
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> "Proxy":
        """Read the setting.

        Raises:
            Invalid: `invalid_push_proxy`.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or not port or not url.isprintable() or parts.scheme not in {"http", "https"}:
            raise Invalid("invalid_push_proxy", "The push proxy must look like http://proxy.example.com:3128.")
        return cls(url, host, port)


class Dialing:
    """Answers where to connect for a host, and opens the sockets.

    Without a proxy only public addresses at port 443 are dialled, with one only the addresses of the proxy. The
    connect map is for tests: it sends a host to a port on loopback, and nowhere else.
    """

    def __init__(
        self,
        resolver: Resolver,
        patience: float,
        wake: Callable[[], None],
        connect_map: Mapping[str, tuple[str, int]],
        proxy: Proxy | None,
    ) -> None:
        for address, _ in connect_map.values():
            if not ipaddress.ip_address(address).is_loopback:
                raise ValueError(f"a connect map leads to loopback only, not to {address}")
        self._names = Names(resolver, patience, wake)
        self._pins: dict[str, tuple[Lookup, Pin]] = {}
        self._map = {} if proxy else dict(connect_map)
        self._proxy = proxy
        self._allowed = set(self._map.values())
        self._is_fixed = proxy is not None and _is_address(proxy.host)
        if proxy and self._is_fixed:
            self._allowed = {(str(ipaddress.ip_address(proxy.host)), proxy.port)}

    def options(self) -> list[tuple[int, Any]]:
        """Return the options of an easy handle that decide where it connects."""
        options: list[tuple[int, Any]] = [
            (pycurl.OPENSOCKETFUNCTION, self.open_socket),
            # An empty text, unlike none, keeps libcurl from reading the environment's proxy variables.
            (pycurl.PROXY, self._proxy.url if self._proxy else ""),
            (pycurl.NOPROXY, ""),
        ]
        if self._proxy:
            options += [(pycurl.HTTPPROXYTUNNEL, 1), (pycurl.HEADEROPT, pycurl.HEADER_SEPARATE)]
        if self._map:
            targets = [f"{host}:{HTTPS_PORT}:{_bracketed(to)}:{port}" for host, (to, port) in self._map.items()]
            options.append((pycurl.CONNECT_TO, targets))
        return options

    def find(self, host: str, now: float) -> Pin | None:
        """Return where to dial for a push host, or None while its name is being looked up. `now` is monotonic."""
        if self._is_fixed or host in self._map:
            return _NOT_BY_NAME
        name = self._proxy.host if self._proxy else host
        lookup = self._names.find(name, now)
        if lookup is None:
            return None
        known = self._pins.get(name)
        if known is None or known[0] is not lookup:
            if len(self._pins) >= _KEPT_PINS:
                self._pins.clear()
            known = self._pins[name] = (lookup, self._pin(name, lookup))
        return known[1]

    def forget(self, host: str) -> None:
        """Resolve again before the next connection: what the name led to does not answer."""
        self._names.forget(self._proxy.host if self._proxy else host)

    def open_socket(self, _purpose: int, address: Any) -> "socket.socket | int":
        """Open the socket for a dial that libcurl is about to make, or refuse it: CURLOPT_OPENSOCKETFUNCTION."""
        if address.family not in {socket.AF_INET, socket.AF_INET6} or not self._may_dial(*address.addr[:2]):
            return int(pycurl.SOCKET_BAD)
        opened = _LentSocket(address.family, address.socktype, address.protocol)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNANSWERED_PACKETS_MS)
        return opened

    def close(self) -> None:
        """Stop looking names up."""
        self._names.close()

    def _may_dial(self, address: str, port: int) -> bool:
        if (address, port) in self._allowed:
            return True
        return self._proxy is None and port == HTTPS_PORT and is_public_address(address)

    def _pin(self, name: str, lookup: Lookup) -> Pin:
        if lookup.problem:
            return Pin(problem=lookup.problem)
        port = HTTPS_PORT
        if self._proxy:
            port = self._proxy.port
            self._allowed = {(address, port) for address in lookup.addresses}
        elif not all(map(is_public_address, lookup.addresses)):
            return Pin(problem=f"the name {name} leads to an address that is not public")
        # The plus lets the entry leave libcurl's cache again; it is given anew with each request.
        return Pin([f"+{name}:{port}:{','.join(map(_bracketed, lookup.addresses))}"])


class _LentSocket(socket.socket):
    """libcurl works on a copy of the descriptor, so this one is closed when libcurl's binding lets go of it."""

    def __del__(self) -> None:
        self.close()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
