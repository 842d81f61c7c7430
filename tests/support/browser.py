"""What the tests ask of a browser; `Firefox` and `Chromium` both answer it."""

from pathlib import Path
from typing import Any, Literal, Protocol

Permission = Literal["granted", "denied", "prompt"]
NotificationsSetting = Literal["allow", "ask", "block"]


class BrowserError(Exception):
    """The browser, or the script in its page, reported a failure; the text is the browser's."""


class Browser(Protocol):
    """A stock browser with its own profile, led to the push service double and to no other place.

    It starts when it is made, and raises MissingProgramError when it is not installed.

    name: "firefox" or "chromium"; version: as the browser tells it; profile: its folder.
    """

    name: str
    version: str
    profile: Path

    def start(self) -> None:
        """Start again after `stop()`, with the same profile; a new browser has started already."""

    def stop(self) -> None:
        """End the browser and keep its profile, as a user closes it for the night."""

    def close(self) -> None:
        """End the browser for good and remove its profile."""

    def goto(self, url: str) -> None:
        """Load a page in the current tab and wait until it is loaded."""

    def evaluate(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression in the tab; promises are awaited, undefined is None.

        It sees what is a property of `window`: functions and `var`, not a script's own `const` and `let`.

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

    def new_tab(self, url: str) -> None:
        """Open a page in a tab of its own, in front; it becomes the current tab."""

    def use_tab(self, url_part: str, timeout: float = 20) -> None:
        """Make the tab whose address contains a text the current one, without bringing it to the front.

        Raises:
            TimeoutError: there is none.
        """

    def close_other_tabs(self) -> None:
        """Close all but the current tab."""
