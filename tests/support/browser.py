"""What the tests ask of a browser; `Firefox` and `Chromium` both answer it."""

from pathlib import Path
from typing import Any, Literal, Protocol

Permission = Literal["granted", "denied", "prompt"]
NotificationsSetting = Literal["allow", "ask", "block"]


class BrowserError(Exception):
    """The browser, or the script in its page, reported a failure; the text is the browser's."""


class Browser(Protocol):
    """A stock browser with its own profile, led to the push service double and to no other place.

    name: "firefox" or "chromium"; version: as the browser tells it; profile: its folder.
    """

    name: str
    version: str
    profile: Path

    def start(self) -> None:
        """Start, or start again after `stop()` with the same profile.

        Raises:
            MissingProgramError: it is not installed.
        """

    def stop(self) -> None:
        """End the browser and keep its profile, as a user closes it for the night."""

    def close(self) -> None:
        """End the browser for good and remove its profile."""

    def goto(self, url: str) -> None:
        """Load a page in the first tab and wait until it is loaded."""

    def evaluate(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression in the page; promises are awaited, undefined is None.

        Raises:
            BrowserError: the expression threw, or the promise was rejected.
        """

    def wait_for(self, expression: str, timeout: float = 20) -> Any:
        """Return the first true value of an expression.

        Raises:
            TimeoutError: it stayed false.
        """

    def click(self, selector: str) -> None:
        """Click the element that a CSS selector finds. To the page this is a user's click (user activation)."""

    def set_permission(self, origin: str, state: Permission) -> None:
        """Set the notification permission of an origin; "prompt" means not asked yet."""

    def urls(self) -> list[str]:
        """Return the addresses of all open tabs."""
