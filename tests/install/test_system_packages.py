"""What a machine lacks is installed by `make test` as root, and otherwise answered with the line that installs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from install.machine import Machine

BROWSERS = ("firefox*", "chromium*", "dbus-daemon")
ANSWER = subprocess.CompletedProcess[str]


class Shell:
    """Runs commands in an untouched clone on a machine that lacks something."""

    def __init__(self, clone: Path, machine: Machine, bare: dict[str, str]) -> None:
        self.clone, self.machine, self.bare = clone, machine, bare

    def make(self, *words: str) -> ANSWER:
        """Should a target get past what it must stop at, `--version` keeps its pytest from running anything."""
        return self.run("make", "--no-print-directory", *words, "ARGS=--version")

    def run(self, *command: str) -> ANSWER:
        environment = self.machine.environment(self.bare)
        return subprocess.run(command, cwd=self.clone, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def shell(untouched_clone: Path, tmp_path: Path, bare: dict[str, str]) -> Shell:
    return Shell(untouched_clone, Machine(tmp_path / "bin"), bare)


def install_line(answer: ANSWER) -> str:
    """Return the one indented line that tells what to do."""
    (line,) = [line.strip() for line in answer.stderr.splitlines() if line.startswith("    ")]
    return line


def python_without_ensurepip(machine: Machine) -> None:
    """Debian's python3 without python3-venv."""
    machine.without("python3*")
    refuse = f'case "$*" in *ensurepip*) exit 1;; esac\nexec "{sys.executable}" "$@"'
    machine.playing("python3", refuse)


@pytest.mark.parametrize("target", ["run", "check-python"])
def test_a_missing_ensurepip_is_answered_with_the_install_line(shell: Shell, target: str) -> None:
    python_without_ensurepip(shell.machine)

    answer = shell.make(target)

    assert answer.returncode != 0
    assert install_line(answer) == "apt-get update && apt-get install -y python3-venv"
    assert not (shell.clone / ".venv").exists()


def test_a_missing_python_is_said_plainly(shell: Shell) -> None:
    shell.machine.without("python3*").playing("python3", 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')

    answer = shell.make("run")

    assert answer.returncode != 0
    assert "No Python 3.11 or newer on the PATH (python3 here: Python 3.9.2)" in answer.stderr


@pytest.mark.parametrize(("gone", "line"), [(("node", "npm"), "nodejs npm"), (("npm",), "npm")])
def test_a_missing_node_is_answered_with_the_install_line(shell: Shell, gone: tuple[str, ...], line: str) -> None:
    shell.machine.without(*gone)

    answer = shell.make("check-javascript")

    assert answer.returncode != 0
    assert install_line(answer) == f"apt-get update && apt-get install -y {line}"


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("apt-get", "apt-get update && apt-get install -y firefox-esr chromium dbus"),
        ("dnf", "dnf install -y firefox chromium dbus-daemon"),
        ("pacman", "pacman -S --needed firefox chromium dbus"),
    ],
)
def test_make_test_names_missing_browsers_when_it_may_not_install(shell: Shell, manager: str, line: str) -> None:
    shell.machine.without(*BROWSERS, "apt-get").playing("id", "echo 1000").playing(manager, 'echo "$@" >"$CALLS"')

    answer = shell.make("test")

    assert answer.returncode != 0
    assert install_line(answer).startswith(line)
    assert not shell.machine.calls.exists()


@pytest.mark.parametrize(
    ("manager", "line"),
    [
        ("apt-get", "apt-get update && apt-get install -y postgresql"),
        ("dnf", "dnf install -y postgresql-server"),
    ],
)
def test_a_missing_postgresql_is_answered_with_the_install_line(shell: Shell, manager: str, line: str) -> None:
    """Debian keeps the server off the PATH, so its folder is looked for: here it is not found."""
    shell.machine.without("postgres", "apt-get").playing("find", "exit 0").playing(manager, "exit 1")

    answer = shell.run("scripts/system-packages.sh", "postgresql")

    assert answer.returncode != 0
    assert install_line(answer) == line


def apt_get_that(machine: Machine, brings: str) -> None:
    """Play an apt-get that notes its calls, and whose install puts these programs into place."""
    bring = f'for p in {brings}; do ln -sf sh "${{0%/*}}/$p"; done'
    machine.playing("id", "echo 0").playing(
        "apt-get", f'echo "$@" >>"$CALLS"\ncase "$*" in *" install "*) {bring};; esac'
    )


def test_root_gets_what_is_missing_and_nothing_else(shell: Shell) -> None:
    shell.machine.without("chromium*", "dbus-daemon")
    apt_get_that(shell.machine, brings="chromium dbus-daemon")

    answer = shell.run("scripts/system-packages.sh", "--install", "browsers")

    assert answer.returncode == 0, answer.stderr
    update, install = shell.machine.calls.read_text().splitlines()
    assert update.endswith(" update")
    assert install.endswith(" install -y --no-install-recommends chromium dbus")


def test_what_apt_get_did_not_bring_is_still_named(shell: Shell) -> None:
    """An install that succeeds without bringing the program must not let the tests begin."""
    shell.machine.without("chromium*", "dbus-daemon")
    apt_get_that(shell.machine, brings="dbus-daemon")

    answer = shell.make("test")

    assert answer.returncode != 0
    assert install_line(answer) == "apt-get update && apt-get install -y chromium"
