"""SEC-04: which addresses are dialled, decided when a name is resolved and again when a socket is opened."""

import socket
from typing import NamedTuple

import pycurl
import pytest

from sitebell.errors import Invalid
from sitebell.push.dialing import Dialing, Proxy


class Address(NamedTuple):
    """What libcurl's binding hands to the socket callback."""

    family: int
    socktype: int
    protocol: int
    addr: tuple[str | int, ...]


def tcp(host: str, port: int = 443) -> Address:
    if ":" in host:
        return Address(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, (host, port, 0, 0))
    return Address(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, (host, port))


def no_names(host: str) -> list[str]:
    raise AssertionError(host)


def dialing(proxy: str | None = None, **connect_map: tuple[str, int]) -> Dialing:
    hosts = {host.replace("_", "."): target for host, target in connect_map.items()}
    return Dialing(no_names, 5.0, lambda: None, hosts, Proxy.parse(proxy) if proxy else None)


def opens(subject: Dialing, address: Address) -> bool:
    """Tell whether a socket is opened; it connects to nothing."""
    opened = subject.open_socket(0, address)
    if isinstance(opened, socket.socket):
        opened.close()
        return True
    assert opened == pycurl.SOCKET_BAD
    return False


@pytest.mark.parametrize("host", ["8.8.8.8", "2001:4860:4860::8888"])
def test_sec_04_a_public_address_at_port_443_is_dialled(host: str) -> None:
    assert opens(dialing(), tcp(host))


@pytest.mark.parametrize(
    "address",
    [
        tcp("127.0.0.1"),
        tcp("10.0.0.1"),
        tcp("169.254.169.254"),
        tcp("::1"),
        tcp("64:ff9b::7f00:1"),
        tcp("8.8.8.8", 80),
        tcp("8.8.8.8", 8443),
        Address(socket.AF_UNIX, socket.SOCK_STREAM, 0, ("/run/docker.sock", 0)),
    ],
)
def test_sec_04_nothing_else_is_dialled_whatever_was_resolved(address: Address) -> None:
    assert not opens(dialing(), address)


def test_sec_04_a_connect_map_opens_one_port_of_loopback() -> None:
    subject = dialing(push_example_org=("127.0.0.1", 4443))

    assert opens(subject, tcp("127.0.0.1", 4443))
    assert not opens(subject, tcp("127.0.0.1", 443))
    assert not opens(subject, tcp("127.0.0.2", 4443))


def test_sec_04_a_connect_map_leads_to_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        dialing(push_example_org=("192.168.1.1", 443))


def test_sec_04_with_a_proxy_nothing_but_the_proxy_is_dialled() -> None:
    subject = dialing("http://10.0.0.5:3128")

    assert opens(subject, tcp("10.0.0.5", 3128))
    assert not opens(subject, tcp("10.0.0.5", 443))
    assert not opens(subject, tcp("8.8.8.8"))


@pytest.mark.parametrize(
    "url",
    [
        "proxy.example.com:3128",
        "http://proxy.example.com",
        "http://:3128",
        "socks5://proxy.example.com:1080",
        "http://proxy.example.com:99999",
        "http://[::1:3128",
        "http://proxy.example.com:3128\n",
        "",
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid, match=r"http://proxy\.example\.com:3128") as refusal:
        Proxy.parse(url)
    assert refusal.value.code == "invalid_push_proxy"
