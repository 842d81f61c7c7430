"""Every setting, read once from the environment, with all faults reported together."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from sitebell.errors import SitebellError

T = TypeVar("T")
SECRETS = {"DATABASE_URL", "METRICS_TOKEN", "PUSH_PROXY"}  # may also be given as a file, by NAME_FILE


class ConfigError(SitebellError):
    """One or more settings cannot be used; `details` lists a sentence for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("invalid_settings", "Change these settings: " + " ".join(faults), 500, faults)


@dataclass(frozen=True, kw_only=True)
class Config:
    """The settings of one process; `docs/operating.md` describes each.

    `unknown` lists SITEBELL_ names that are no setting: a misspelt one deserves a warning, while one that only a newer
    or older version knows must not stop a server during an upgrade.
    """

    data: Path
    database_url: str = field(repr=False)
    base_url: str
    host: str = "127.0.0.1"
    port: int = 8080
    proxy_hops: int = 0
    metrics_token: str | None = field(default=None, repr=False)
    vapid_subject: str | None = None
    push_hosts: tuple[str, ...] = ()
    push_proxy: str | None = field(default=None, repr=False)
    push_ca_file: str | None = None
    geoip_file: str | None = None
    workers: int = 1
    lease_seconds: int = 60
    demo: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def master_key_file(self) -> Path:
        """The file whose key encrypts the secrets in the database."""
        return self.data / "master.key"


def is_loopback(host: str) -> bool:
    """Say whether a host, by its name or address, is this machine and no other can reach it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_config(environment: Mapping[str, str] | None = None, *, demo: bool = False) -> Config:
    """Read the settings.

    Raises:
        ConfigError: with a sentence for every fault, not only for the first.
    """
    reader = _Reader(os.environ if environment is None else environment)
    data = Path(reader.text("DATA") or "data").absolute()
    port = reader.parsed("PORT", 8080, _whole(0, 65_535))
    config = Config(
        data=data,
        database_url=reader.parsed("DATABASE_URL", f"sqlite:///{data / 'sitebell.sqlite3'}", _database_url),
        base_url=reader.parsed("BASE_URL", f"http://localhost:{port}", _base_url),
        host=reader.text("HOST") or "127.0.0.1",
        port=port,
        proxy_hops=reader.parsed("PROXY_HOPS", 0, _whole(0, 10)),
        metrics_token=reader.parsed("METRICS_TOKEN", None, _secret),
        vapid_subject=reader.text("VAPID_SUBJECT"),
        push_hosts=reader.parsed("PUSH_HOSTS", (), _push_hosts),
        push_proxy=reader.parsed("PUSH_PROXY", None, _proxy),
        push_ca_file=reader.parsed("PUSH_CA_FILE", None, _readable_file),
        geoip_file=reader.parsed("GEOIP_FILE", None, _geoip_file),
        workers=reader.parsed("WORKERS", 1, _whole(0, 64)),
        lease_seconds=reader.parsed("LEASE_SECONDS", 60, _whole(5, 3600)),
        demo=demo,
        unknown=reader.unknown(),
    )
    if reader.faults:
        raise ConfigError(reader.faults)
    return config


class _Reader:
    """Reads one setting after the other and remembers what is wrong with each."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.faults: list[str] = []
        self.known: set[str] = set()

    def text(self, name: str) -> str | None:
        """Return a setting from `SITEBELL_NAME`, or a secret from the file that `SITEBELL_NAME_FILE` names."""
        key, file_key = f"SITEBELL_{name}", f"SITEBELL_{name}_FILE"
        self.known.add(key)
        value = self.environment.get(key) or None
        if name not in SECRETS:
            return value
        self.known.add(file_key)
        file = self.environment.get(file_key)
        if value and file:
            self.faults.append(f"{key} and {file_key} are both set: keep one.")
        return self._read(file_key, file) if file else value

    def _read(self, key: str, file: str) -> str | None:
        try:
            return Path(file).read_text().strip() or None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            self.faults.append(f"{key} names a file that cannot be read: {reason}.")
            return None

    def parsed(self, name: str, default: T, parse: Callable[[str], T]) -> T:
        """Return a setting after `parse`; its ValueError becomes one of the reported faults."""
        value = self.text(name)
        if value is None:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.faults.append(f"SITEBELL_{name} {error}.")
            return default

    def unknown(self) -> tuple[str, ...]:
        """Return the SITEBELL_ names in the environment that no setting has."""
        return tuple(sorted(n for n in self.environment if n.startswith("SITEBELL_") and n not in self.known))


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"\d{1,6}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def _database_url(value: str) -> str:
    try:
        backend = make_url(value).get_backend_name()
    except ArgumentError as error:
        raise ValueError("must look like sqlite:////folder/file or postgresql://user@host/name") from error
    if backend not in ("sqlite", "postgresql"):
        raise ValueError("must name an sqlite or postgresql database")
    return value


def _base_url(value: str) -> str:
    parts = _web_address(value)
    if parts is None or parts.query or parts.fragment or parts.username:
        raise ValueError("must be the public address of this server, such as https://bell.example.com")
    return value.rstrip("/")


def _web_address(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        is_usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port out of range, half an IPv6 address
        return None
    return parts if is_usable else None


def _secret(value: str) -> str:
    if len(value) < 16:
        raise ValueError("must have at least 16 characters")
    return value


def _push_hosts(value: str) -> tuple[str, ...]:
    hosts = tuple(filter(None, re.split(r"[\s,]+", value.lower())))
    for host in hosts:
        if not re.fullmatch(r"(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*", host):
            raise ValueError("must list host names, such as push.example.org or *.push.example.org")
    return hosts


def _proxy(value: str) -> str:
    if _web_address(value) is None:
        raise ValueError("must be the address of an HTTP proxy, such as http://proxy.internal:3128")
    return value


def _readable_file(value: str) -> str:
    path = Path(value)
    if not path.is_file() or not os.access(path, os.R_OK):
        raise ValueError("must name a readable file of certificates in PEM form")
    return value


def _geoip_file(value: str) -> str:
    import maxminddb  # noqa: PLC0415  (most servers have no such file)

    try:
        maxminddb.open_database(value).close()
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise ValueError("must name a readable file of places in MaxMind's format (.mmdb)") from error
    return value
