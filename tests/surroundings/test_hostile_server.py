"""The hostile server: each behaviour seen by a client that is careless enough to listen."""

import socket
import ssl
from collections.abc import Iterator

import pytest

from support.application_server import ApplicationServer
from support.hostile import Behaviour, HostileServer
from support.push_service import PushService
from support.waiting import wait_until

HOST = "slow.push.apple.com"
REQUEST = b"POST /token HTTP/1.1\r\nHost: slow.push.apple.com\r\nContent-Length: 4\r\n\r\nbody"


@pytest.fixture(scope="module")
def push() -> Iterator[PushService]:
    with PushService() as service:
        yield service


@pytest.fixture
def hostile(push: PushService) -> Iterator[HostileServer]:
    with HostileServer(push) as server:
        yield server


def ask(push: PushService, hostile: HostileServer, behaviour: Behaviour) -> ssl.SSLSocket:
    """Post something and return the connection."""
    hostile.behaviour = behaviour
    plain = socket.create_connection(("127.0.0.1", hostile.port), timeout=5)
    connection = push.authority.client_context("h2", "http/1.1").wrap_socket(plain, server_hostname=HOST)
    assert connection.selected_alpn_protocol() == "http/1.1"
    connection.sendall(REQUEST)
    return connection


def read(connection: ssl.SSLSocket, count: int) -> bytes:
    """Read `count` bytes."""
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        assert more, f"ended after {data!r}"
        data += more
    return data


def test_it_is_reached_through_the_proxy(push: PushService, hostile: HostileServer) -> None:
    push.route(HOST, hostile.port)
    hostile.behaviour = "accept"
    sender = ApplicationServer(push.settings())
    device = push.add_subscriber(sender.public_key, HOST)
    assert sender.send(device.subscription(), b"hello").status == 201
    assert "authorization: vapid" in hostile.requests[0].lower()
    assert push.requests == []


def test_redirect_leads_to_a_server_that_counts(push: PushService, hostile: HostileServer) -> None:
    with HostileServer(push, "accept") as second:
        hostile.redirect_to = f"https://{HOST}:{second.port}/"
        with ask(push, hostile, "redirect") as connection:
            head = read(connection, 100).decode()
        assert head.startswith("HTTP/1.1 307 ")
        assert f"Location: {hostile.redirect_to}" in head
        assert second.requests == []
        with ask(push, second, "accept") as connection:
            assert read(connection, 12) == b"HTTP/1.1 201"
        assert len(second.requests) == second.connections == 1


def test_flood_has_the_size_that_it_names(push: PushService, hostile: HostileServer) -> None:
    hostile.flood_bytes = 300_000
    with ask(push, hostile, "flood") as connection:
        head = b"HTTP/1.1 201 Created\r\nContent-Length: 300000\r\n\r\n"
        assert read(connection, len(head)) == head
        assert read(connection, 300_000) == b"x" * 300_000
    assert hostile.sent_bytes == len(head) + 300_000


def test_flood_ends_when_the_client_hangs_up(push: PushService, hostile: HostileServer) -> None:
    with ask(push, hostile, "flood") as connection:
        read(connection, 4096)
    wait_until(lambda: hostile.hung_up, "the server to notice")
    assert hostile.sent_bytes < hostile.flood_bytes / 10


def test_gzip_bomb_is_small_on_the_wire(push: PushService, hostile: HostileServer) -> None:
    hostile.flood_bytes = 10_000_000
    with ask(push, hostile, "gzip bomb") as connection:
        assert b"Content-Encoding: gzip" in read(connection, 100)
    wait_until(lambda: hostile.sent_bytes, "the answer")
    assert hostile.sent_bytes < 200_000


def test_endless_headers_never_end(push: PushService, hostile: HostileServer) -> None:
    with ask(push, hostile, "endless headers") as connection:
        data = read(connection, 1_000_000)
    assert data.startswith(b"HTTP/1.1 201 ")
    assert b"\r\n\r\n" not in data


def test_drip_sends_one_byte_a_second(push: PushService, hostile: HostileServer) -> None:
    head = b"HTTP/1.1 201 Created\r\nContent-Length: 3600\r\n\r\n"
    with ask(push, hostile, "drip") as connection:
        assert read(connection, len(head) + 1) == head + b"x"
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_black_hole_says_nothing_and_notices_the_end(push: PushService, hostile: HostileServer) -> None:
    with ask(push, hostile, "black hole") as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert hostile.requests == [REQUEST.decode().removesuffix("body")]
        assert hostile.hung_up == 0
    wait_until(lambda: hostile.hung_up, "the server to notice")
