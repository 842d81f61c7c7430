"""Runs `sitebell` on an installation of its own: in this process where that is enough, else as users do."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from sitebell.cli import cli
from support.installation import Installation

LONGEST_SECONDS = 60  # far more than any command of these tests takes; `serve` that is not refused would run for ever


@contextmanager
def alarm(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in the block when it takes too long."""

    def expire(*_: object) -> None:
        raise TimeoutError(f"the command still runs after {seconds} s")

    former = signal.signal(signal.SIGALRM, expire)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


class CommandLine:
    """The command line of one installation, untouched by the settings of whoever runs the tests."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.settings = {"SITEBELL_DATA": str(data), "SITEBELL_BASE_URL": "https://bell.example.com"}

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "sitebell.sqlite3"

    @property
    def master_key(self) -> Path:
        """The key file."""
        return self.data / "master.key"

    def run(self, *arguments: object, stdin: str | None = None) -> Result:
        """Run a command in this process; an exception that users would see as a traceback fails the test."""
        unset = dict.fromkeys(name for name in os.environ if name.startswith("SITEBELL_"))
        environment: dict[str, str | None] = {**unset, **self.settings}
        words = [str(argument) for argument in arguments]
        with alarm(LONGEST_SECONDS):
            return CliRunner().invoke(
                cli, words, input=stdin, env=environment, catch_exceptions=False, prog_name="sitebell"
            )

    def json(self, *arguments: object, code: int = 0) -> Any:
        """Run a command that must end with this exit status, and return what it prints with --json."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    def refused(self, *arguments: object, code: int = 1) -> str:
        """Run a command that must fail, and return its complaint."""
        result = self.run(*arguments)
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        return result.stderr

    @contextmanager
    def start(self, *arguments: object, **streams: Any) -> Iterator[subprocess.Popen[str]]:
        """Start `python -m sitebell …` as a process, and kill it if it still runs when the block ends."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SITEBELL_")}
        command = [sys.executable, "-m", "sitebell", *map(str, arguments)]
        with subprocess.Popen(command, env=environment | self.settings, text=True, **streams) as process:
            try:
                yield process
            finally:
                process.kill()

    def process(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run `python -m sitebell …` to its end."""
        pipe = subprocess.PIPE
        with self.start(*arguments, stdout=pipe, stderr=pipe) as process:
            stdout, stderr = process.communicate(timeout=LONGEST_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def create_site(self, name: str = "Shop") -> dict[str, Any]:
        """Make a site and return what `sites create --json` prints."""
        facts: dict[str, Any] = self.json("sites", "create", name, "--origin", "https://shop.example.com")
        return facts


def command_of(installation: Installation) -> CommandLine:
    """Return the command line of an installation."""
    command = CommandLine(installation.folder)
    command.settings |= installation.settings
    return command
