"""A command that serves on a port of its own, asked over HTTP and stopped as a service manager or a person would."""

import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from support.waiting import wait_until

ASK = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Serving:
    """Runs `command` in `where` until `stop()` or `interrupt()`; its data and its log lie in `scratch`."""

    def __init__(
        self, command: Sequence[str], where: Path, scratch: Path, environment: Mapping[str, str], wait: float = 60
    ) -> None:
        self.port = free_port()
        self.log = scratch / "serving.log"
        settings = {"SITEBELL_PORT": str(self.port), "SITEBELL_DATA": str(scratch / "data")}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=where,
                env={**environment, **settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(self._answers, f"{' '.join(command)} to answer", timeout=wait, interval=0.1)
        except BaseException:
            self.__exit__()
            raise

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"it ended with {self.process.returncode}:\n{self.log.read_text()}")
        return self.get("/livez")[0] == 200

    def get(self, path: str) -> tuple[int, str, bytes]:
        """Return status, content type and body of a GET; status 0 when nothing listens."""
        try:
            with ASK.open(f"http://localhost:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["Content-Type"], error.read()
        except OSError:
            return 0, "", b""

    def stop(self) -> int:
        """Send SIGTERM to the first process alone, as a service manager does, and return its exit code."""
        self.process.terminate()
        return self.process.wait(25)

    def interrupt(self) -> int:
        """Press Ctrl-C: every process of the terminal gets SIGINT. Returns the first one's exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(25)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def free_port() -> int:
    """Return a port that nothing listens on; for servers that must be told theirs beforehand."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
