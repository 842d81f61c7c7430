"""SEC-03: the rule that tells public addresses from all others, which the standard library's does not."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitebell.push.endpoint import is_public_address


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "142.250.185.10",
        "1.1.1.1",
        "223.255.255.254",
        "2a00:1450:4001:82f::200a",
        "2620:149:a44::1",
        "64:ff9b::808:808",
    ],
)
def test_sec_03_public_addresses_are_dialled(address: str) -> None:
    assert is_public_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "224.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::127.0.0.1",
        "fec0::1",
        "192.0.0.192",
    ],
)
def test_sec_03_addresses_that_the_standard_library_calls_global_are_not_dialled(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.255",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2001:20::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00::2",
        "fe80::1",
        "fe80::1%eth0",
        "2a00:1450::1%eth0",
        "ff02::1",
    ],
)
def test_sec_03_everything_else_is_not(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "①②⑦.⓪.⓪.①", "8.8.8.8 "]
)
def test_sec_03_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public_address(text)


@given(st.ip_addresses())
def test_sec_03_no_special_address_is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public_address(str(address)) and address not in ipaddress.ip_network("64:ff9b::/96"):
        special = (address.is_multicast, address.is_reserved, address.is_loopback, address.is_link_local)
        assert address.is_global
        assert not any(special)


@given(st.ip_addresses(v=4))
def test_sec_03_nat64_is_as_public_as_the_address_inside(address: ipaddress.IPv4Address) -> None:
    translated = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) | int(address))

    assert is_public_address(str(translated)) == is_public_address(str(address))
