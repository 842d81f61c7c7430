"""Settings: read once, all faults at once, secrets from files, nothing secret in a log; each described in the docs."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from sitebell.config import SECRETS, Config, ConfigError, load_config
from support.geoip import BERLIN, write_places

DOCS = Path(__file__).parents[1] / "docs" / "operating.md"
NO_SETTINGS = {"demo", "unknown"}
SETTINGS = {f"SITEBELL_{field.name.upper()}" for field in fields(Config) if field.name not in NO_SETTINGS}
SECRET_FILES = {f"SITEBELL_{name}_FILE" for name in SECRETS}

SOUND = {
    "SITEBELL_DATA": "/srv/bell",
    "SITEBELL_DATABASE_URL": "postgresql://bell:hidden-password@db/bell",
    "SITEBELL_BASE_URL": "https://bell.example.com/",
    "SITEBELL_HOST": "0.0.0.0",
    "SITEBELL_PORT": "9000",
    "SITEBELL_PROXY_HOPS": "2",
    "SITEBELL_METRICS_TOKEN": "hidden-token-of-metrics",
    "SITEBELL_VAPID_SUBJECT": "mailto:ops@example.com",
    "SITEBELL_PUSH_HOSTS": "push.example.org, *.Push.example.net",
    "SITEBELL_PUSH_PROXY": "http://user:hidden-proxy@proxy.internal:3128",
    "SITEBELL_PUSH_CA_FILE": __file__,
    "SITEBELL_GEOIP_FILE": "",  # the test that reads it makes one
    "SITEBELL_WORKERS": "4",
    "SITEBELL_LEASE_SECONDS": "120",
}


def faults_of(**settings: str) -> list[str]:
    """Return what is said of these settings, written without their SITEBELL_."""
    with pytest.raises(ConfigError) as raised:
        load_config({f"SITEBELL_{name}": value for name, value in settings.items()})
    faults: list[str] = raised.value.details
    return faults


def test_without_settings_everything_lies_in_data_and_answers_on_loopback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    assert load_config({}) == Config(
        data=tmp_path / "data",
        database_url=f"sqlite:///{tmp_path / 'data' / 'sitebell.sqlite3'}",
        base_url="http://localhost:8080",
        host="127.0.0.1",
        port=8080,
    )


def test_every_setting_is_read(tmp_path: Path) -> None:
    places = write_places(tmp_path / "places.mmdb", {"203.0.113.0/24": BERLIN})

    assert set(SOUND) == SETTINGS
    assert load_config(SOUND | {"SITEBELL_GEOIP_FILE": places}) == Config(
        data=Path("/srv/bell"),
        database_url="postgresql://bell:hidden-password@db/bell",
        base_url="https://bell.example.com",
        host="0.0.0.0",
        port=9000,
        proxy_hops=2,
        metrics_token="hidden-token-of-metrics",
        vapid_subject="mailto:ops@example.com",
        push_hosts=("push.example.org", "*.push.example.net"),
        push_proxy="http://user:hidden-proxy@proxy.internal:3128",
        push_ca_file=__file__,
        geoip_file=places,
        workers=4,
        lease_seconds=120,
    )


def test_an_empty_setting_is_an_unset_one() -> None:
    """Compose files and unit files often name every variable."""
    assert load_config(dict.fromkeys(SETTINGS, "")) == load_config({})


def test_all_faults_are_reported_together() -> None:
    faults = faults_of(PORT="http", WORKERS="-1", BASE_URL="bell.example.com", METRICS_TOKEN="short", LEASE_SECONDS="1")

    assert sorted(fault.split()[0] for fault in faults) == [
        "SITEBELL_BASE_URL",
        "SITEBELL_LEASE_SECONDS",
        "SITEBELL_METRICS_TOKEN",
        "SITEBELL_PORT",
        "SITEBELL_WORKERS",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "8080.0"),
        ("PORT", "9" * 5000),
        ("PROXY_HOPS", "11"),
        ("WORKERS", "65"),
        ("WORKERS", "two"),
        ("LEASE_SECONDS", "4"),
        ("LEASE_SECONDS", "3601"),
        ("BASE_URL", "bell.example.com"),
        ("BASE_URL", "ftp://bell.example.com"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https://bell.example.com:port"),
        ("BASE_URL", "https://bell.example.com:99999"),
        ("BASE_URL", "https://[::1"),
        ("BASE_URL", "https://user@bell.example.com"),
        ("BASE_URL", "https://bell.example.com/?a=b"),
        ("BASE_URL", "https://bell.example.com/#top"),
        ("DATABASE_URL", "bell.sqlite3"),
        ("DATABASE_URL", "mysql://db/bell"),
        ("METRICS_TOKEN", "x" * 15),
        ("PUSH_HOSTS", "https://push.example.org"),
        ("PUSH_HOSTS", "10.0.0.1"),
        ("PUSH_HOSTS", "localhost"),
        ("PUSH_HOSTS", "*"),
        ("PUSH_HOSTS", "push.*.org"),
        ("PUSH_PROXY", "socks5://proxy.internal"),
        ("PUSH_PROXY", "proxy.internal:3128"),
        ("PUSH_PROXY", "http://proxy.internal:99999"),
        ("PUSH_CA_FILE", "/nowhere/ca.pem"),
        ("GEOIP_FILE", "/nowhere/places.mmdb"),
        ("GEOIP_FILE", "/"),
        ("GEOIP_FILE", __file__),
    ],
)
def test_a_value_that_cannot_work_is_one_sentence_that_names_its_setting(name: str, value: str) -> None:
    (fault,) = faults_of(**{name: value})

    assert re.fullmatch(rf"SITEBELL_{name} must .+\.", fault)


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_can_come_from_a_file(name: str, tmp_path: Path) -> None:
    """As container platforms hand them over; the newline at the end is not part of it."""
    (tmp_path / "secret").write_text(SOUND[f"SITEBELL_{name}"] + "\n")

    config = load_config({f"SITEBELL_{name}_FILE": str(tmp_path / "secret")})

    assert getattr(config, name.lower()) == SOUND[f"SITEBELL_{name}"]
    assert config.unknown == ()


def test_a_secret_given_twice_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden-token-of-metrics")

    faults = faults_of(METRICS_TOKEN="hidden-token-of-metrics", METRICS_TOKEN_FILE=str(tmp_path / "secret"))

    assert faults == ["SITEBELL_METRICS_TOKEN and SITEBELL_METRICS_TOKEN_FILE are both set: keep one."]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfa"])
def test_a_secret_file_that_cannot_be_read_is_a_fault(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)

    (fault,) = faults_of(PUSH_PROXY_FILE=str(file))

    assert fault.startswith("SITEBELL_PUSH_PROXY_FILE names a file that cannot be read: ")


def test_sec_41_settings_in_a_log_show_no_secret() -> None:
    assert "hidden" not in repr(load_config(SOUND))


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_sec_41_a_fault_shows_no_secret(name: str) -> None:
    """It ends up in the journal of the machine."""
    faults = faults_of(**{name: "hidden"})

    assert "hidden" not in " ".join(faults)


def test_names_that_are_no_setting_are_listed_and_stop_nothing() -> None:
    config = load_config({"SITEBELL_PROT": "80", "SITEBELL_PORT_FILE": "x", "PATH": "/bin"})

    assert config.unknown == ("SITEBELL_PORT_FILE", "SITEBELL_PROT")


def test_the_docs_describe_every_setting_and_no_other() -> None:
    named = set(re.findall(r"SITEBELL_[A-Z_]+[A-Z]", DOCS.read_text()))

    assert named == SETTINGS | SECRET_FILES


def test_the_docs_give_each_setting_a_row_of_its_own() -> None:
    rows = re.findall(r"^\| `(SITEBELL_[A-Z_]+)` \| (.+?) \| (.+) \|$", DOCS.read_text(), re.MULTILINE)

    assert {name for name, _, _ in rows} == SETTINGS
    assert all(len(description) > 20 for _, _, description in rows)
