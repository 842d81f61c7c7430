"""A person with a browser on the pages of one shop."""

import json
from typing import Any, Literal

from browser.shop import Json, Shop
from support.browser import Browser, BrowserError
from support.firefox import Firefox
from support.notifications import NotificationDaemon
from support.waiting import wait_until

# Without a click, so that a test can ask for it as often as it likes.
SUBSCRIPTION = """navigator.serviceWorker.getRegistrations()
  .then(all => Promise.all(all.map(one => one.pushManager.getSubscription())))
  .then(found => (found.find(one => one) || null))
  .then(one => one && one.toJSON())"""


DROP = """navigator.serviceWorker.getRegistration('/bell/')
  .then(one => one.pushManager.getSubscription()).then(one => one.unsubscribe())"""

# The page's record of what it agreed on with the server, as it will be in a day.
A_DAY_LATER = """void Object.keys(localStorage).filter(name => name.startsWith('sitebell:')).forEach(name => {
  const record = JSON.parse(localStorage[name]);
  record.at -= 24 * 60 * 60 * 1000;
  localStorage[name] = JSON.stringify(record);
})"""


class Visitor:
    """Reads, clicks and waits; what the page's script wrote down is what it knows of the SDK."""

    def __init__(self, browser: Browser, desktop: NotificationDaemon, shop: Shop) -> None:
        self.browser, self.desktop, self.shop = browser, desktop, shop

    def visit(self, path: str = "/") -> None:
        """Load a page of the shop, and wait until the SDK is ready."""
        self.browser.goto(self.shop.origin + path)
        self.wait_for_event("ready")

    def press_bell(self) -> None:
        """Click the page's button, which calls subscribe()."""
        self.browser.evaluate("void (window.answer = null)")
        self.browser.click("#bell")

    def answer(self) -> Json:
        """Return what subscribe() came to: a `member`, or an `error`."""
        answer: Json = self.browser.wait_for("answer", timeout=40)
        return answer

    def subscribe(self) -> str:
        """Press the button and return the subscriber hash."""
        self.press_bell()
        answer = self.answer()
        assert answer.get("error") is None, answer
        subscriber_hash: str = answer["member"]["subscriberHash"]
        return subscriber_hash

    def be_asked(self) -> None:
        """Have no permission yet. Only Firefox can show its prompt without a screen."""
        if isinstance(self.browser, Firefox):
            self.browser.set_permission(self.shop.origin, "prompt")

    def answer_prompt(self, answer: Literal["allow", "block"]) -> None:
        """Press a button of the browser's own prompt, where there is one."""
        if isinstance(self.browser, Firefox):
            self.browser.answer_prompt(answer)

    def call(self, method: str, *args: Any) -> Any:
        """Call a method of the SDK and return its result.

        Raises:
            AssertionError: it was rejected.
        """
        outcome = self._outcome(method, args)
        assert "error" not in outcome, outcome
        return outcome.get("result")

    def fail(self, method: str, *args: Any) -> Json:
        """Call a method of the SDK that must be rejected, and return the error."""
        outcome = self._outcome(method, args)
        assert "error" in outcome, outcome
        error: Json = outcome["error"]
        return error

    def heard(self, *names: str) -> list[Any]:
        """Return the details of the events with these names that the page has heard since it was loaded."""
        told = self.browser.evaluate("heard")
        return [event["detail"] for event in told if event["name"] in names]

    def wait_for_event(self, name: str) -> Any:
        """Return the detail of the first event with a name."""
        try:
            return wait_until(lambda: self.heard(name), f"the event {name}")[0]
        except TimeoutError as error:
            raise TimeoutError(f"{error}; heard instead: {self._heard_at_all()}") from error

    def requests(self) -> list[str]:
        """Return what this page load has asked the server about its site so far: paths below the site's, in order."""
        names = self.browser.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
        base = f"/v1/sites/{self.shop.token}"
        return [name.partition(base)[2] for name in names if base in name]

    def subscription(self) -> Json | None:
        """Return the push subscription that the browser has for this shop."""
        found: Json | None = self.browser.evaluate(SUBSCRIPTION)
        return found

    def drop_subscription(self) -> None:
        """End the push subscription in the browser, without a word to the SDK."""
        assert self.browser.evaluate(DROP) is True

    def _outcome(self, method: str, args: tuple[Any, ...]) -> Json:
        outcome: Json = self.browser.evaluate(f"call({json.dumps(method)}, {json.dumps(args)})")
        return outcome

    def _heard_at_all(self) -> Any:
        try:
            return self.browser.evaluate("heard")
        except BrowserError as error:
            return str(error)
