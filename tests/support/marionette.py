"""A client for Marionette, Firefox's own remote control: length-prefixed JSON over a local socket."""

import itertools
import json
import socket
from typing import Any

from support.browser import BrowserError

SCRIPT_TIMEOUT = 30
# Runs an expression or a body and reports [0, value] or [1, error], since rejections get lost otherwise.
RUN = """const done = arguments[arguments.length - 1], args = arguments;
(async () => {%s})().then(value => done([0, value === undefined ? null : value]),
                          error => done([1, String(error)]));"""


class Marionette:
    """One session with one Firefox."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SCRIPT_TIMEOUT + 10)
        self._stream = self._socket.makefile("rb")
        self._ids = itertools.count(1)
        self._receive()  # greeting
        session = self.command("WebDriver:NewSession", {})
        self.version = str(session["capabilities"]["browserVersion"])
        milliseconds = SCRIPT_TIMEOUT * 1000
        self.command("WebDriver:SetTimeouts", {"script": milliseconds, "pageLoad": milliseconds})

    def command(self, name: str, parameters: dict[str, Any]) -> Any:
        """Send a command and return its result.

        Raises:
            BrowserError: Firefox answered with an error, or is gone.
        """
        number = next(self._ids)
        data = json.dumps([0, number, name, parameters]).encode()
        try:
            self._socket.sendall(b"%d:%s" % (len(data), data))
            reply = self._receive()
            while reply[1] != number:
                reply = self._receive()
        except OSError as error:
            raise BrowserError(f"{name}: Firefox does not answer: {error}") from error
        _, _, failure, result = reply
        if failure:
            raise BrowserError(f"{name}: {failure['error']}: {failure['message']}")
        return result

    def run(self, body: str, *args: Any, sandbox: str | None = None) -> Any:
        """Run a function body in the current context; `args` are there under that name, promises are awaited.

        Raises:
            BrowserError: it threw.
        """
        parameters = {"script": RUN % body, "args": list(args), "sandbox": sandbox, "newSandbox": False}
        failed, value = self.command("WebDriver:ExecuteAsyncScript", parameters)["value"]
        if failed:
            raise BrowserError(str(value))
        return value

    def run_privileged(self, body: str, *args: Any) -> Any:
        """Run a function body with the rights of the browser's own windows.

        Raises:
            BrowserError: it threw.
        """
        self.command("Marionette:SetContext", {"value": "chrome"})
        try:
            return self.run(body, *args, sandbox="system")
        finally:
            self.command("Marionette:SetContext", {"value": "content"})

    def quit(self) -> None:
        """Tell Firefox to end, whatever it is doing."""
        self.command("Marionette:Quit", {"flags": ["eForceQuit"]})

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self._socket.close()

    def _receive(self) -> Any:
        """Read one packet, `length:json`."""
        digits = b""
        while (byte := self._stream.read(1)) != b":":
            if not byte:
                raise BrowserError("Firefox closed the connection")
            digits += byte
        return json.loads(self._stream.read(int(digits)))
