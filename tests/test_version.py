"""The version stands in one place, and everything that shows it agrees."""

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from sitebell.cli import cli
from sitebell.version import __version__

ROOT = Path(__file__).parents[1]


def test_packages_and_command_line_show_the_same_version() -> None:
    """Also in a checkout that was put on the path and never installed."""
    command = [sys.executable, "-m", "hatchling", "metadata", "version"]
    packaged = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    assert packaged == __version__
    assert CliRunner().invoke(cli, ["--version"], prog_name="sitebell").output == f"sitebell {__version__}\n"
