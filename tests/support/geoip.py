"""Files in MaxMind's format, as an operator would download one."""

from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]

BERLIN = {
    "country": {"iso_code": "DE"},
    "subdivisions": [{"iso_code": "BE", "names": {"en": "State of Berlin", "de": "Berlin"}}],
    "city": {"names": {"en": "Berlin"}},
    "postal": {"code": "10115"},
}
OSLO = {"country": {"iso_code": "NO"}, "city": {"names": {"en": "Oslo"}}}


def write_places(file: Path, places: dict[str, Any]) -> str:
    """Write what stands in a record for each network, and return the file's path."""
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-City", languages=["en"])
    for network, record in places.items():
        writer.insert_network(IPSet([network]), record)
    new = file.with_suffix(".new")
    writer.to_db_file(str(new))
    return str(new.replace(file))
