"""Commands of Sitebell as processes that find it loaded already, where a test is not about how one begins and ends.

Each is a process like those that `serve` starts, but forked from one that has imported what a worker does: to import it
takes a second of processor time, and a test that kills workers starts dozens.
"""

import os
import signal
import subprocess
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Self

LOADED = [
    "psycopg",
    "sitebell.cli.running",
    "sitebell.worker",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "support.loaded_process",
]


class LoadedProcess:
    """Runs one command of Sitebell; has what tests use of `subprocess.Popen`. A context manager: it waits at the end.

    Its standard input ends when this process closes it or dies.
    """

    def __init__(self, words: list[str], environment: Mapping[str, str]) -> None:
        context = get_context("forkserver")
        context.set_forkserver_preload(LOADED)
        ours, theirs = Connection(os.dup(1), readable=False), Connection(os.dup(2), readable=False)
        reader, self._writer = Pipe(duplex=False)
        streams = (reader, ours, theirs)
        self._process = context.Process(target=run_command, args=(words, dict(environment), streams), daemon=True)
        self._process.start()
        for stream in streams:
            stream.close()

    @property
    def is_stopped(self) -> bool:
        """SIGSTOP has reached it."""
        return Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def poll(self) -> int | None:
        """Return the exit code, below zero for the signal that killed it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended.

        Raises:
            subprocess.TimeoutExpired: it still runs after `timeout` seconds.
        """
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        return self._process.exitcode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._writer.close()
        self.wait()


def run_command(words: list[str], environment: dict[str, str], streams: tuple[Connection, ...]) -> None:
    """Be the command: take on its environment and its standard streams, and exit as it does."""
    for descriptor, stream in enumerate(streams):
        os.dup2(stream.fileno(), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    from sitebell.cli import cli  # noqa: PLC0415  (in this process alone)

    cli(words, prog_name="sitebell")
