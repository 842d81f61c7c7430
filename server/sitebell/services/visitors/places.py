"""Where in the world an address is, from a file in MaxMind's format that the operator provides."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maxminddb import Reader

LONGEST_NAME = 100
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A country by its code (ISO 3166-1), region and city by their English names; None is unknown."""

    country: str | None = None
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None


class Places:
    """Looks addresses up in a file of countries or cities; when the file is replaced, the new one is used."""

    def __init__(self, file: str | None) -> None:
        self._file = None if file is None else Path(file)
        self._version: tuple[int, int] | None = None
        self._reader: Reader | None = None

    def find(self, address: str | None) -> Place | None:
        """Return where an address is, None when nothing is known of it or no file is configured."""
        reader = self._open()
        if reader is None or address is None:
            return None
        try:
            parsed = ipaddress.ip_address(address)
            mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
            record = reader.get(str(mapped or parsed))
        except ValueError:  # not an address, an IPv6 one in a file of IPv4, or a damaged file
            return None
        return _read(record) if isinstance(record, dict) else None

    def _open(self) -> "Reader | None":
        """Return the reader of the file as it is now; while it cannot be read, the last one goes on."""
        if self._file is None:
            return None
        try:
            found = self._file.stat()
            if self._version != (found.st_ino, found.st_mtime_ns):
                self._reader = open_places(self._file)
                self._version = (found.st_ino, found.st_mtime_ns)
        except (OSError, ValueError):
            pass
        return self._reader


def open_places(file: Path) -> "Reader":
    """Open a file in MaxMind's format.

    Raises:
        OSError: it cannot be read.
        ValueError: it has another format.
    """
    import maxminddb  # noqa: PLC0415  (most servers have no such file)

    try:
        return maxminddb.open_database(file)
    except maxminddb.InvalidDatabaseError as error:
        raise ValueError(str(error)) from error


def _read(record: dict[Any, Any]) -> Place:
    country = _name(record, "country", "iso_code")
    return Place(
        country=country if country and _COUNTRY.fullmatch(country) else None,
        region=_name(record, "subdivisions", 0, "names", "en"),
        city=_name(record, "city", "names", "en"),
        postal_code=_name(record, "postal", "code"),
    )


def _name(record: Any, *path: str | int) -> str | None:
    for step in path:
        try:
            record = record[step]
        except (KeyError, IndexError, TypeError):
            return None
    return record[:LONGEST_NAME] if isinstance(record, str) and record else None
