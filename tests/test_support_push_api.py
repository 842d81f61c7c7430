"""The push API of the double, spoken to over real TLS through its proxy: what RFC 8030 and the real services answer."""

import json
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import http_ece
import pycurl
import pytest

from support.application_server import ApplicationServer, HttpVersion, Reply, encrypt
from support.push_service import DeviceKeys, PushService, Subscriber
from support.push_service.faults import Throttle

MOZILLA = "updates.push.services.mozilla.com"
GOOGLE = "fcm.googleapis.com"
APPLE = "web.push.apple.com"
WINDOWS = "wns2-par02p.notify.windows.com"
HOSTS = [MOZILLA, GOOGLE, "jmt17.google.com", APPLE, WINDOWS]


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def running(clock: Clock) -> Iterator[PushService]:
    with PushService(clock=clock) as service:
        yield service


@pytest.fixture
def push(running: PushService, clock: Clock) -> PushService:
    running.reset()
    clock.now = time.time()
    return running


@pytest.fixture
def sender(push: PushService) -> ApplicationServer:
    return ApplicationServer(push.settings())


@pytest.fixture
def device(push: PushService, sender: ApplicationServer) -> Subscriber:
    return push.add_subscriber(sender.public_key)


def post(sender: ApplicationServer, device: Subscriber, **headers: str) -> Reply:
    """Send a message with changed headers; "" leaves one out."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sender.send(device.subscription(), b"hello", named)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
def test_message_is_accepted_and_decrypted(push: PushService, host: str, version: HttpVersion) -> None:
    sender = ApplicationServer(push.settings())
    device = push.add_subscriber(sender.public_key, host)
    reply = sender.send(device.subscription(), b"hello", {"Urgency": "high"}, version)
    assert (reply.status, reply.http_version) == (201, version)
    assert reply.headers["location"].startswith(f"https://{host}/m/")
    assert reply.headers["ttl"] == "60"
    (message,) = device.messages
    assert message.plaintext == b"hello"
    assert message.urgency == "high"
    assert b"hello" not in message.body
    (request,) = push.requests
    assert (request.http_version, request.status, request.host) == (version, 201, host)
    assert request.headers["content-encoding"] == "aes128gcm"
    assert push.history == [message]


def test_the_proxy_can_be_held_to_http_1(push: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    push.speak("http/1.1")
    assert sender.send(device.subscription(), b"", http_version="HTTP/2").http_version == "HTTP/1.1"
    assert push.requests[-1].http_version == "HTTP/1.1"


def test_many_subscribers_share_one_key_pair(push: PushService, sender: ApplicationServer) -> None:
    devices = push.add_subscribers(1000, sender.public_key)
    assert len({device.endpoint for device in devices}) == 1000
    assert len({(device.p256dh, device.auth) for device in devices}) == 1
    sender.send(devices[7].subscription(), b"seven")
    assert [device.messages != [] for device in devices].index(True) == 7


def test_another_device_cannot_decrypt(push: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    stranger = DeviceKeys()
    keys = push.add_subscriber(sender.public_key, keys=stranger).subscription()["keys"]
    sender.send({"endpoint": device.endpoint, "keys": keys}, b"not for you")
    with pytest.raises(http_ece.ECEException):
        _ = device.messages[0].plaintext


def test_corrupt_damages_the_ciphertext(push: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    push.corrupt = True
    assert sender.send(device.subscription(), b"hello").status == 201
    with pytest.raises(http_ece.ECEException):
        _ = device.messages[0].plaintext


def test_unknown_endpoint_is_404(device: Subscriber, sender: ApplicationServer) -> None:
    unknown = {**device.subscription(), "endpoint": f"https://{MOZILLA}/wpush/v2/nobody"}
    assert sender.send(unknown, b"").status == 404
    elsewhere = {**device.subscription(), "endpoint": f"https://{GOOGLE}/fcm/send/{device.token}"}
    assert sender.send(elsewhere, b"").status == 404


def test_expired_subscription_is_410(push: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    other = push.add_subscriber(sender.public_key)
    push.expire(device.token)
    push.expire(other.endpoint)
    assert sender.send(device.subscription(), b"").status == 410
    assert sender.send(other.subscription(), b"").status == 410
    with pytest.raises(KeyError):
        push.expire("nobody")


def test_only_4096_bytes_are_taken(push: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    """RFC 8030 section 7.2; 4096 bytes of body are 3993 of plaintext (RFC 8291 section 4)."""
    assert sender.send(device.subscription(), b"x" * 3993).status == 201
    assert len(push.history[-1].body) == 4096
    assert sender.send(device.subscription(), b"x" * 3994).status == 413


@pytest.mark.parametrize(
    ("header", "value", "errno"),
    [
        ("TTL", "", 111),
        ("TTL", "soon", 111),
        ("TTL", "-1", 111),
        ("Topic", "not a topic", 113),
        ("Topic", "x" * 33, 113),
        ("Urgency", "urgent", 111),
        ("Content-Encoding", "gzip", 110),
        ("Content-Encoding", "", 110),
    ],
)
def test_wrong_header_is_400(
    push: PushService, device: Subscriber, sender: ApplicationServer, header: str, value: str, errno: int
) -> None:
    reply = post(sender, device, **{header: value})
    assert reply.status == 400
    assert json.loads(reply.body)["errno"] == errno
    assert push.history == []


def test_message_without_a_body_needs_no_encoding(device: Subscriber, sender: ApplicationServer) -> None:
    assert sender.send(device.subscription(), None).status == 201
    assert device.messages[0].plaintext == b""


def test_apple_and_windows_have_rules_of_their_own(push: PushService, sender: ApplicationServer) -> None:
    apple = push.add_subscriber(sender.public_key, APPLE)
    assert post(sender, apple, Topic="abcde").status == 400
    assert post(sender, apple, Topic="abcd").status == 201
    private = sender.authorization(apple.endpoint, sub="mailto:me@localhost")
    assert post(sender, apple, Authorization=private).status == 403
    windows = push.add_subscriber(sender.public_key, WINDOWS)
    assert post(sender, windows, TTL="0").status == 400


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://push.example"},
        {"exp": 0},
        {"exp": int(time.time()) + 90_000},
        {"exp": "tomorrow"},
        {"sub": "webmaster"},
        {"sub": None},
    ],
)
def test_wrong_claims_are_refused(device: Subscriber, sender: ApplicationServer, claims: dict[str, object]) -> None:
    assert post(sender, device, Authorization=sender.authorization(device.endpoint, **claims)).status == 401


@pytest.mark.parametrize(("host", "status"), [(MOZILLA, 401), (GOOGLE, 403), (APPLE, 403), (WINDOWS, 401)])
def test_another_key_is_refused(push: PushService, host: str, status: int) -> None:
    owner, stranger = ApplicationServer(push.settings()), ApplicationServer(push.settings())
    device = push.add_subscriber(owner.public_key, host)
    assert stranger.send(device.subscription(), b"").status == status
    assert owner.send(device.subscription(), b"").status == 201


def test_missing_and_forged_authorization_are_refused(device: Subscriber, sender: ApplicationServer) -> None:
    good = sender.authorization(device.endpoint)
    token, key = good.removeprefix("vapid t=").split(", k=")
    head, claims, signature = token.split(".")
    forged = f"{head}.{claims}.{signature[:-4]}AAAA"
    others = ["", "Bearer x", "vapid", f"vapid t={forged}, k={key}", f"vapid t={token}", f"vapid t=a.b.c, k={key}"]
    assert [post(sender, device, Authorization=text).status for text in others] == [401] * len(others)
    assert post(sender, device, Authorization=good).status == 201


def test_key_is_not_asked_of_a_subscription_without_one(push: PushService, sender: ApplicationServer) -> None:
    device = push.add_subscriber()
    assert post(sender, device, Authorization="").status == 201
    assert post(sender, device).status == 201


def test_message_that_waits_is_replaced_by_topic(
    push: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    other = push.add_subscriber(sender.public_key)
    push.set_offline(True)
    for plaintext, topic in [(b"0:0", "score"), (b"weather", "sky"), (b"1:0", "score")]:
        sender.send(device.subscription(), plaintext, {"Topic": topic})
    sender.send(other.subscription(), b"other", {"Topic": "score"})
    assert device.messages == []
    push.set_offline(False)
    assert [message.plaintext for message in device.messages] == [b"weather", b"1:0"]
    assert [message.plaintext for message in other.messages] == [b"other"]


def test_message_that_waits_expires(
    push: PushService, device: Subscriber, sender: ApplicationServer, clock: Clock
) -> None:
    push.set_offline(True)
    for ttl in ("0", "60", "3600"):
        sender.send(device.subscription(), ttl.encode(), {"TTL": ttl})
    clock.now += 61
    push.set_offline(False)
    assert [message.plaintext for message in device.messages] == [b"3600"]


def test_message_with_ttl_0_reaches_a_connected_device(device: Subscriber, sender: ApplicationServer) -> None:
    assert sender.send(device.subscription(), b"now", {"TTL": "0"}).status == 201
    assert device.messages[0].acked_at is not None


def test_waiting_message_can_be_cancelled(push: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    push.set_offline(True)
    location = sender.send(device.subscription(), b"oops").headers["location"]
    assert sender.post(location, b"", {}, method="DELETE").status == 204
    push.set_offline(False)
    assert device.messages == []


def test_fault_answers_once_then_the_truth(device: Subscriber, push: PushService, sender: ApplicationServer) -> None:
    fault = push.fault(429, {"Retry-After": "7"}, b"slow down")
    reply = sender.send(device.subscription(), b"")
    assert (reply.status, reply.headers["retry-after"], reply.body) == (429, "7", b"slow down")
    assert fault.count == 0
    assert sender.send(device.subscription(), b"").status == 201


def test_fault_meets_a_token_a_host_or_everyone(push: PushService, sender: ApplicationServer) -> None:
    one, two = push.add_subscribers(2, sender.public_key)
    google = push.add_subscriber(sender.public_key, GOOGLE)
    push.fault(413, match=one.token, count=None)
    push.fault(503, match=GOOGLE, count=None)
    statuses = [sender.send(device.subscription(), b"").status for device in (one, two, google, one)]
    assert statuses == [413, 201, 503, 413]
    push.clear_faults()
    push.fault(500, count=None)
    assert [sender.send(device.subscription(), b"").status for device in (one, two, google)] == [500] * 3


@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
def test_fault_can_have_a_big_body(
    push: PushService, device: Subscriber, sender: ApplicationServer, version: HttpVersion
) -> None:
    body = bytes(range(256)) * 4096
    push.fault(500, body=body)
    assert sender.send(device.subscription(), b"", http_version=version).body == body


@pytest.mark.parametrize("version", ["HTTP/2", "HTTP/1.1"])
def test_fault_0_cuts_the_connection(
    push: PushService, device: Subscriber, sender: ApplicationServer, version: HttpVersion
) -> None:
    push.fault(0)
    with pytest.raises(pycurl.error):
        sender.send(device.subscription(), b"", http_version=version)
    assert push.requests[-1].status == 0


def test_fault_with_endless_delay_keeps_a_request_in_flight(
    push: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    push.fault(201, delay=math.inf)
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(sender.send, device.subscription(), b"", timeout=1)
        push.wait_for(lambda: push.events and push.in_flight == 1)
        assert isinstance(hanging.exception(), pycurl.error)


def test_throttle_spreads_answers_over_time() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    assert [throttle.reserve() for _ in range(3)] == [0, 0, 0]
    throttle.set(4)
    assert [throttle.reserve() for _ in range(3)] == pytest.approx([0, 0.25, 0.5])
    clock.now += 0.5
    assert throttle.reserve() == pytest.approx(0.25)
    clock.now += 10
    assert throttle.reserve() == 0


def test_throttled_messages_take_their_time(push: PushService, sender: ApplicationServer) -> None:
    """The fourth answer at four a second comes after three quarters of a second."""
    devices = push.add_subscribers(4, sender.public_key)
    push.throttle(4)
    start = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        replies = pool.map(lambda device: sender.send(device.subscription(), b""), devices)
    assert [reply.status for reply in replies] == [201] * 4
    assert time.monotonic() - start >= 0.75


def test_proxy_refuses_and_records_what_is_no_push_service(push: PushService, sender: ApplicationServer) -> None:
    push.refused.clear()
    for url in ("https://example.com/", f"https://{MOZILLA}.example.com/", f"https://{MOZILLA}:444/"):
        with pytest.raises(pycurl.error):
            sender.post(url, b"", {})
    assert push.refused == [
        "CONNECT example.com:443 HTTP/1.1",
        f"CONNECT {MOZILLA}.example.com:443 HTTP/1.1",
        f"CONNECT {MOZILLA}:444 HTTP/1.1",
    ]


def test_reset_forgets_what_was_seen_and_keeps_subscriptions(
    push: PushService, device: Subscriber, sender: ApplicationServer
) -> None:
    push.fault(500, count=None)
    sender.send(device.subscription(), b"")
    push.reset()
    assert (push.history, push.requests, push.events) == ([], [], [])
    assert sender.send(device.subscription(), b"").status == 201


def test_wait_for_tells_what_it_saw(push: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    push.expire(device.token)
    sender.send(device.subscription(), b"")
    with pytest.raises(TimeoutError, match="unsubscribed"):
        push.wait_for(lambda: push.history, timeout=0.05)


def test_body_is_what_encrypt_made(push: PushService, device: Subscriber, sender: ApplicationServer) -> None:
    body = encrypt(b"hello", device.subscription()["keys"])
    headers = {"Authorization": sender.authorization(device.endpoint), "TTL": "5", "Content-Encoding": "aes128gcm"}
    sender.post(device.endpoint, body, headers)
    assert push.requests[-1].body == body == device.messages[0].body
