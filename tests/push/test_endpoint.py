"""Which endpoints are taken: SEC-01 (the list of hosts) and SEC-02 (one parser, one form)."""

import pytest

from sitebell.errors import Invalid
from sitebell.push.endpoint import Endpoint, EndpointRules

FCM = "https://fcm.googleapis.com/fcm/send/dGVzdA:APA91b_-x"
RULES = EndpointRules()


def complaint(url: object, rules: EndpointRules = RULES) -> str:
    """Return the sentence with which an endpoint is refused."""
    with pytest.raises(Invalid) as refusal:
        rules.parse(url)
    assert refusal.value.code == "invalid_endpoint"
    assert refusal.value.status == 422
    return refusal.value.message


@pytest.mark.parametrize(
    ("url", "service"),
    [
        (FCM, "fcm"),
        ("https://android.googleapis.com/gcm/send/abc", "fcm"),
        ("https://jmt17.google.com/fcm/send/abc:def", "fcm"),
        ("https://updates.push.services.mozilla.com/wpush/v2/gAAAAAB-_x", "mozilla"),
        ("https://web.push.apple.com/QHyZ_-9", "apple"),
        ("https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2bx%3d%3d", "wns"),
    ],
)
def test_sec_01_known_push_services_are_taken_as_they_are(url: str, service: str) -> None:
    endpoint = RULES.parse(url)

    assert endpoint.url == url
    assert endpoint.service == service
    assert endpoint.origin == url[: url.index("/", 8)]


@pytest.mark.parametrize(
    "host",
    [
        "evilfcm.googleapis.com",
        "evil.fcm.googleapis.com",
        "fcm.googleapis.com.evil.tld",
        "googleapis.com",
        "push.apple.com",
        "evilpush.apple.com",
        "notify.windows.com",
        "xn--fcm-googleapis-com-0q6n.com",
        "xn--fm-gka.googleapis.com",
        "example.com",
    ],
)
def test_sec_01_other_hosts_are_refused_by_whole_labels(host: str) -> None:
    assert "not a known push service" in complaint(f"https://{host}/x")


@pytest.mark.parametrize("host", ["fcm.googleapis.com.", ".fcm.googleapis.com", "fcm..googleapis.com"])
def test_sec_01_a_dot_too_many_is_refused(host: str) -> None:
    complaint(f"https://{host}/x")


def test_sec_01_upper_case_is_made_canonical() -> None:
    endpoint = RULES.parse("HTTPS://FCM.GoogleApis.COM/fcm/send/AbC")

    assert endpoint == Endpoint("https://fcm.googleapis.com/fcm/send/AbC", "fcm.googleapis.com")


def test_sec_01_the_operator_can_add_a_host_and_all_below_another() -> None:
    rules = EndpointRules(("push.example.org", "*.example.net"))

    assert rules.parse("https://push.example.org/x").service == "other"
    assert rules.parse("https://a.example.net/x").host == "a.example.net"
    assert rules.parse(FCM).service == "fcm"
    for host in ("example.org", "a.push.example.org", "evilpush.example.org", "example.net", "evilexample.net"):
        complaint(f"https://{host}/x", rules)


def test_sec_01_the_operator_can_opt_into_every_name() -> None:
    rules = EndpointRules(("*",))

    assert rules.parse("https://push.anything.example/x").host == "push.anything.example"
    complaint("https://127.0.0.1/x", rules)
    complaint("https://localhost/x", rules)


@pytest.mark.parametrize(
    "host", ["https://a.example", "a.example:443", "A.example", "*example.org", "127.0.0.1", "", "a"]
)
def test_an_extra_host_that_could_never_match_is_refused(host: str) -> None:
    with pytest.raises(Invalid, match=r"push\.example\.org") as refusal:
        EndpointRules((host,))
    assert refusal.value.code == "invalid_push_host"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1\\@fcm.googleapis.com/",
        "https://fcm.googleapis.com\\@127.0.0.1/",
        "https://127.0.0.1@fcm.googleapis.com/x",
        "https://user:secret@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@127.0.0.1/x",
        "https://fcm.googleapis.com:443@127.0.0.1/x",
        "https://fcm.googleapis.com#@127.0.0.1/x",
        "https://fcm.googleapis.com/x#fragment",
        "https://fcm.googleapis.com?@127.0.0.1/x",
        "https://fcm.googleapis.com;@127.0.0.1/x",
        "https://fcm.googleapis.com%2f@127.0.0.1/x",
        "https://fcm.googleapis.com%00.evil.tld/x",
        "https://fcm.googleapis.com",
        "https:fcm.googleapis.com/x",
        "https:///fcm.googleapis.com/x",
        "//fcm.googleapis.com/x",
        "http://fcm.googleapis.com/x",
        "ftp://fcm.googleapis.com/x",
        "javascript://fcm.googleapis.com/%0aalert(1)",
        "https://fcm.googleapis.com/../x",
        "https://fcm.googleapis.com/a/%2E%2e",
        "https://fcm.googleapis.com/./x",
        "https://fcm.googleapis.com/%zz",
        "https://fcm.googleapis.com/%",
        'https://fcm.googleapis.com/"x"',
        "https://fcm.googleapis.com/[x]",
    ],
)
def test_sec_02_what_parsers_read_differently_is_refused(url: str) -> None:
    complaint(url)


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\t", " ", "\0", "\x7f", "\x85", "é", "\u2024", "\uff0f", "\ud800", "\\"]
)
@pytest.mark.parametrize("place", [0, 8, 26, 30, len(FCM)])
def test_sec_02_only_plain_ascii_is_parsed_at_all(character: str, place: int) -> None:
    assert "plain ASCII" in complaint(FCM[:place] + character + FCM[place:])


@pytest.mark.parametrize("port", ["80", "8443", "0443", "44", "0", "99999999"])
def test_sec_02_only_port_443_is_taken(port: str) -> None:
    assert "port 443" in complaint(f"https://fcm.googleapis.com:{port}/x")


def test_sec_02_the_url_is_rebuilt_from_its_parts() -> None:
    assert RULES.parse("https://fcm.googleapis.com:443/x?a=1?b").url == "https://fcm.googleapis.com/x?a=1?b"
    complaint("https://fcm.googleapis.com:/x")


def test_sec_02_length_is_bounded() -> None:
    start = "https://fcm.googleapis.com/"
    longest = start + "x" * (2048 - len(start))

    assert RULES.parse(longest).url == longest
    assert "2048" in complaint(longest + "x")


@pytest.mark.parametrize("url", [None, 5, b"https://fcm.googleapis.com/x", ["https://fcm.googleapis.com/x"], ""])
def test_sec_02_only_a_string_is_taken(url: object) -> None:
    assert "string" in complaint(url)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "0",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "1.2.3.0x7f",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
        "fcm",
    ],
)
def test_sec_03_an_address_is_no_host_name(host: str) -> None:
    complaint(f"https://{host}/x", EndpointRules(("*",)))


def test_sec_03_digits_that_are_turned_into_ascii_elsewhere_are_refused() -> None:
    assert "plain ASCII" in complaint("https://①②⑦.⓪.⓪.①/x", EndpointRules(("*",)))


def test_the_path_of_an_endpoint_is_a_secret_that_is_not_shown() -> None:
    assert "APA91b" not in repr(RULES.parse(FCM))
