"""A shop that had an account at PushEngage: pages as that vendor teaches, its REST calls, and visitors of the pages."""

import json
import urllib.request
from typing import Any
from urllib.parse import urlencode

from browser.prompting import NOBODY_ASKED
from browser.server import ASK, SitebellServer
from browser.shop import Json, Shop
from browser.visitor import Visitor
from browser.website import HTML, JAVASCRIPT
from support.browser import Browser
from support.chromium import Chromium
from support.dialects import read_fixture
from support.waiting import wait_until

LOADER = '<script src="%s/sdk/v1/pushengage.js?site=%s" async></script>'
# As the vendor's pages are: the queue first, what is to be known in callbacks, the profile id when the status is 1.
ASYNC_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<link rel="icon" href="data:,">
<script>
  var told = { init: [], status: [] }, changes = [], warned = [];
  console.warn = function (sentence) { warned.push(String(sentence)); };
  window.addEventListener('PushEngage.onSubscriptionChange', function (event) { changes.push(event.detail); });
  window._peq = window._peq || [];
  _peq.push(['init', %(options)s, function (res) {
    told.init.push(res);
    _peq.push(['add-to-segment', ['bread', 'news']]);
  }]);
  _peq.push(['subscriber-status', function (res) {
    told.status.push(res);
    if (res.statuscode == 1) _peq.push(['add-to-profile', 'ann']);
  }]);
  function command() {
    var asked = [].slice.call(arguments);
    return new Promise(function (resolve) { _peq.push(asked.concat([resolve])); });
  }
</script>
%(head)s
<p id="somewhere">Fresh bread</p>
<button id="bell" onclick="_pe.subscribe({}, function (res) { told.subscribe = res; })">Tell me what is new</button>
"""
PROMISE_PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<link rel="icon" href="data:,">
<script>
  var told = {}, changes = [], warned = [];
  console.warn = function (sentence) { warned.push(String(sentence)); };
  window.addEventListener('PushEngage.onSubscriptionChange', function (event) { changes.push(event.detail); });
  window.PushEngage = window.PushEngage || [];
  PushEngage.push(['init', { appId: '%(app_id)s', disabledDefaultPrompt: true }]);
  PushEngage.push(function () {
    PushEngage.getSubscriberId().then(function (id) { told.id = { was: id }; });
  });
</script>
%(head)s
<button id="bell" onclick="PushEngage.subscribe().then(function (res) { told.subscribe = res; })">Bell</button>
"""


STATUSES = read_fixture("pushengage-status")["statuscodes"]


def documented(code: int, subscriber_hash: str = "") -> Json:
    """Return what the vendor answers to subscriber-status with a code."""
    facts = dict(STATUSES[str(code)])
    ids = {"subscriber_hash": subscriber_hash, "subscriber_id": subscriber_hash}
    return {"statuscode": code, **({"data": ids} if facts.pop("has_hash", False) else {}), **facts}


class Account:
    """A shop that had an account at PushEngage, and its ids there."""

    def __init__(self, shop: Shop, server: SitebellServer, browser: Browser) -> None:
        self.shop, self.server, self.browser = shop, server, browser
        self.app_id, self.api_key = f"7b14db88-ec93-{shop.name}", f"a1b2c3d4e5f60718-{shop.name}"
        set_up = server.command.json
        set_up("sites", "set", shop.token, "--dialect", "pushengage")
        ids = ("--app-id", self.app_id, "--api-key", self.api_key, "--segment", "4711=bread")
        set_up("sites", "alias", shop.token, "--dialect", "pushengage", *ids)
        shop.publish(
            "/service-worker.js", f"var PUSHENGAGE_APP_ID = '{self.app_id}';\n{shop.worker_line()}", JAVASCRIPT
        )
        self.publish()

    def publish(self, page: str = ASYNC_PAGE, *, head: str | None = None, options: Json | None = None) -> None:
        """Put the page in place; `head` instead of the script, in a browser that has its permission."""
        prompt = NOBODY_ASKED if isinstance(self.browser, Chromium) else ""
        blanks = {
            "head": prompt + self.loader() if head is None else head,
            "options": json.dumps(options) if options else "undefined",
            "app_id": self.app_id,
        }
        self.shop.publish("/", page % blanks, HTML)

    def loader(self) -> str:
        """Return the line that stands where the vendor's own was."""
        return LOADER % (self.server.url, self.app_id)

    def post(self, path: str, **form: Any) -> Json:
        """Make one of the vendor's REST calls as its documentation shows it; it must be taken."""
        fields = {f"{name}[]" if isinstance(value, list) else name: value for name, value in form.items()}
        body = urlencode(fields, doseq=True).encode()
        request = urllib.request.Request(f"{self.server.url}/apiv1{path}", body, {"api_key": self.api_key})
        with ASK.open(request, timeout=20) as answer:
            taken: Json = json.load(answer)
        assert taken["success"] is True
        return taken

    def notify(self, title: str, **targets: Any) -> str:
        """Send a notification and return its id."""
        content = {"notification_title": title, "notification_message": "Fresh bread from 7 to 12."}
        url = f"{self.shop.origin}/offer"
        message: str = self.post("/notifications", **content, notification_url=url, **targets)["notification_id"]
        return message

    def person(self, profile_id: str) -> Json | None:
        """Return the profile with the site's own id."""
        path = f"/v1/databases/{self.shop.database_id}/profiles?external_id={profile_id}"
        found = self.shop.ask("GET", path)["profiles"]
        return found[0] if found else None

    def wait_for_tags(self, profile_id: str, *tags: str) -> None:
        """Return when somebody has these tags."""
        wait_until(lambda: (self.person(profile_id) or {}).get("tags") == sorted(tags), f"the tags {tags}")


class Guest(Visitor):
    """A visitor of pages that know only the vendor's words."""

    def visit(self, path: str = "/") -> None:
        """Load the page."""
        self.browser.goto(self.shop.origin + path)

    def click(self, selector: str = "#somewhere") -> None:
        """Click when the page is listening, and allow what is asked."""
        self.browser.wait_for("!!window._pe")
        self.status()
        self.browser.click(selector)
        self.answer_prompt("allow")

    def status(self) -> Json:
        """Ask for the subscriber's status with the page's own call."""
        found: Json = self.browser.evaluate("new Promise(resolve => _pe.subscriberStatus(resolve))")
        return found

    def told(self, name: str) -> Any:
        """Return what the page's callback was told first."""
        answer = self.browser.wait_for(f"told.{name} && [].concat(told.{name})")
        return answer[0]

    def subscribe(self) -> str:
        """Click somewhere, allow it, and return the hash that the page is told."""
        self.click()
        subscriber_hash: str = self.told("init")["subscriber_hash"]
        return subscriber_hash
