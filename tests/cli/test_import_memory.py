"""`sitebell import` takes a file of any length in the same memory, and `sitebell export` writes it so."""

import json
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from cli.command_line import CommandLine
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, own_row, player
from support.push_service.subscriber import Subscriber


@pytest.mark.databases("sqlite")
def test_memory_does_not_grow_with_the_file(sitebell: CommandLine, new_home: Installation, vendor: OldVendor) -> None:
    """Ten times the rows, the same memory but for a few caches."""
    used = [peaks(sitebell, new_home, vendor, vendor.add_subscribers(count)) for count in (1000, 10_000)]

    for few, many in zip(*used, strict=True):
        assert many - few < 6 * 1024 * 1024, used
    print("USED", used)


@pytest.mark.databases("sqlite")
def test_memory_does_not_grow_with_an_array_on_one_line(
    sitebell: CommandLine, new_home: Installation, vendor: OldVendor
) -> None:
    """Nor with the blanks before it."""
    used = []
    for count in (1000, 10_000):
        rows = [own_row(device) for device in vendor.add_subscribers(count)]
        file = vendor.write(f"{count}.json", " " * 2000 * count + json.dumps(rows))
        used.append(peak(sitebell, "import", new_home.site.token, file, "--vapid", vendor.key_file))

    assert used[1] - used[0] < 6 * 1024 * 1024, used
    assert len(new_home.subscriptions()) == 11_000


def peaks(
    sitebell: CommandLine, installation: Installation, vendor: OldVendor, devices: list[Subscriber]
) -> tuple[int, int]:
    """Import named devices, then export everything; return the most memory that each had, in bytes.

    The last row of the file is one that has no end, and is rejected whole.
    """
    rows = (player(device, external_user_id=f"customer {place}") for place, device in enumerate(devices))
    file = vendor.csv(f"{len(devices)}.csv", ONESIGNAL, rows)
    length = 1200 * len(devices)
    with file.open("a") as lines:
        lines.write("x" * length)
    imported = peak(sitebell, "import", installation.site.token, file, "--vapid", vendor.key_file)
    assert file.with_name(f"{file.name}.rejected").stat().st_size > length
    return imported, peak(sitebell, "export", installation.site.token, file.with_suffix(".ndjson"))


def peak(sitebell: CommandLine, *words: object) -> int:
    """Run a command in a process of its own and return the most memory that it had, in bytes."""
    with sitebell.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        most = 0
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            most = max(most, int(lines.get("VmHWM", "0 kB").split()[0]) * 1024)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
    assert process.returncode == 0
    return most
