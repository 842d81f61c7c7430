"""`sitebell import` takes a file of any length in the same memory."""

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
    used = [peak(sitebell, new_home, vendor, vendor.add_subscribers(count)) for count in (1000, 20_000)]

    assert used[1] - used[0] < 12 * 1024 * 1024, used


def peak(sitebell: CommandLine, installation: Installation, vendor: OldVendor, devices: list[Subscriber]) -> int:
    """Import devices in a process of its own and return the most memory that it had, in bytes."""
    file = vendor.csv(f"{len(devices)}.csv", ONESIGNAL, map(player, devices))
    words = ("import", installation.site.token, file, "--vapid", vendor.key_file)
    with sitebell.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        most = 0
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            most = max(most, int(lines.get("VmHWM", "0 kB").split()[0]) * 1024)
    assert process.returncode == 0
    return most
