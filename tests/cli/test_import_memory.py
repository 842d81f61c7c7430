"""`sitebell import` takes a file of any length in the same memory, and `sitebell export` writes it so."""

import subprocess
from pathlib import Path

import pytest

from cli.command_line import CommandLine
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, player
from support.push_service.subscriber import Subscriber


@pytest.mark.databases("sqlite")
def test_memory_does_not_grow_with_the_file(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    """Twenty times the rows, the same memory but for a few caches."""
    used = [peaks(sitebell, new_home, vendor, vendor.add_subscribers(count)) for count in (1000, 20_000)]

    for few, many in zip(*used, strict=True):
        assert many - few < 12 * 1024 * 1024, used


def peaks(
    sitebell: CommandLine, installation: Installation, vendor: OldVendor, devices: list[Subscriber]
) -> tuple[int, int]:
    """Import named devices, then export everything; return the most memory that each had, in bytes."""
    rows = (player(device, external_user_id=f"customer {place}") for place, device in enumerate(devices))
    file = vendor.csv(f"{len(devices)}.csv", ONESIGNAL, rows)
    imported = peak(sitebell, "import", installation.site.token, file, "--vapid", vendor.key_file)
    return imported, peak(sitebell, "export", installation.site.token, file.with_suffix(".ndjson"))


def peak(sitebell: CommandLine, *words: object) -> int:
    """Run a command in a process of its own and return the most memory that it had, in bytes."""
    with sitebell.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        most = 0
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            most = max(most, int(lines.get("VmHWM", "0 kB").split()[0]) * 1024)
    assert process.returncode == 0
    return most
