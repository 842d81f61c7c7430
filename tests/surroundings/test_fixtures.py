"""The fixtures as a run of pytest shows them: browsers are named, and a missing one is a failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.installed import MissingProgramError, program, require_library

HERE = Path(__file__).parent


def test_missing_program_names_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingProgramError, match=r"no-such-program .* apt-get install -y firefox-esr chromium dbus"):
        program("no-such-program")
    with pytest.raises(MissingProgramError, match=r"libnosuch .* libnotify4"):
        require_library("nosuch")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingProgramError, match="chromium is needed"):
        program("chromium")


def run_pytest(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run one browser test in a pytest of its own."""
    command = [sys.executable, "-m", "pytest", "--noconftest", "-p", "support.fixtures", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    if path is not None:
        environment["PATH"] = path
    test = str(HERE / "test_browsers.py")
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", test], env=environment, capture_output=True, text=True, timeout=120
    )


def test_summary_names_the_browsers() -> None:
    run = run_pytest("-k", "evaluate and chromium")
    version = subprocess.run([program("chromium"), "--version"], capture_output=True, text=True).stdout.split()[1]
    assert f"browsers: chromium {version}\n" in run.stdout
    assert run.returncode == 0


def test_missing_browser_fails_and_is_not_skipped(tmp_path: Path) -> None:
    (tmp_path / "dbus-daemon").symlink_to(program("dbus-daemon"))
    run = run_pytest("-k", "evaluate", path=str(tmp_path))
    assert run.returncode == 1
    assert "firefox-esr is needed by the tests and not installed. Install it: apt-get install" in run.stdout
    assert "chromium is needed by the tests and not installed. Install it: apt-get install" in run.stdout
    assert "skipped" not in run.stdout
