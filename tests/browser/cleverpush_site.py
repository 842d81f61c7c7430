"""A shop that was a channel at CleverPush, and a visitor of its pages, which know only the vendor's words."""

import json
from typing import Any

from browser.server import SitebellServer
from browser.shop import Json, Shop
from browser.visitor import Visitor
from browser.website import HTML, JAVASCRIPT

LOADER = '<script src="%s/sdk/v1/cleverpush.js?site=%s"%s async></script>'
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<link rel="icon" href="data:,">
<script>
  var heard = [], warned = [], inits = [], answer = null, ready = false;
  console.warn = function (sentence) { warned.push(String(sentence)); };
  window.CleverPush = window.CleverPush || [];
  window.cleverPushInitCallback = function (error) {
    inits.push(error ? error.message || error.code : null);
    ready = true;
  };
  %(queued)s
</script>
%(head)s
<button id="bell">Tell me what is new</button>
<script>
  document.getElementById('bell').onclick = function () {
    CleverPush.push(['subscribe', function (error, id) { answer = { error: error, id: id }; }]);
  };
  function listen(how, name) {
    CleverPush[how](name, function (detail) { heard.push({ name: name, detail: detail }); });
  }
  function ask(method, args) {
    return new Promise(function (resolve) {
      CleverPush.push([method].concat(args, function () { resolve([].slice.call(arguments)); }));
    });
  }
</script>
"""
FORCE = True  # triggerOptIn then asks also who has unsubscribed


class Channel:
    """A shop that was a channel at CleverPush, and its ids there."""

    def __init__(self, shop: Shop, server: SitebellServer) -> None:
        self.shop, self.server = shop, server
        self.id, self.key = f"channel-{shop.name}", f"private-key-0123456789-{shop.name}"
        self._command = server.command
        server.command.json("sites", "set", shop.token, "--dialect", "cleverpush")
        self.alias("--channel", self.id, "--private-key", self.key)
        topics = [{"name": name, "title": name.title()} for name in ("news", "offers")]
        shop.ask("PUT", "/v1/topics", {"topics": topics})
        for name, kind in (("teams", "list"), ("visits", "integer")):
            shop.ask("POST", f"/v1/databases/{shop.database_id}/fields", {"name": name, "type": kind})
        self.alias("--topic", "TOPIC_ID_1=news", "--topic", "TOPIC_ID_2=offers", "--tag", "TAG_ID=gold")
        self.alias("--attribute", "ATTRIBUTE_ID=teams", "--attribute", "VISITS=visits")
        shop.publish("/cleverpush-worker.js", shop.worker_line(), JAVASCRIPT)
        self.publish()

    def alias(self, *ids: str) -> None:
        """Bring ids along."""
        self._command.json("sites", "alias", self.shop.token, "--dialect", "cleverpush", *ids)

    def loader(self, attributes: str = "") -> str:
        """Return the line that stands where the vendor's own was."""
        return LOADER % (self.server.url, self.id, attributes)

    def publish(self, queued: str = "", head: str | None = None) -> None:
        """Put the page in place; `queued` are commands that wait for the script."""
        self.shop.publish("/", PAGE % {"queued": queued, "head": self.loader() if head is None else head}, HTML)

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """Call as the vendor's customers do."""
        status, answer = self.server.ask(method, path, body=body, credential=self.key)
        assert status == 200, answer
        return dict(answer)

    def send(self, title: str, **body: Any) -> str:
        """Send a notification and return its id."""
        sent = self.ask("POST", "/notification/send", {"channel": self.id, "title": title, "text": "There", **body})
        return str(sent["id"])

    def subscriptions(self) -> list[Json]:
        """Return the subscriptions of the channel."""
        return list(self.ask("GET", f"/channel/{self.id}/subscriptions")["subscriptions"])


class Guest(Visitor):
    """A visitor of pages that know only the vendor's words."""

    def visit(self, path: str = "/") -> None:
        """Load the page, and wait until the vendor's script says that it is there."""
        self.browser.goto(self.shop.origin + path)
        self.browser.wait_for("ready")

    def subscribe(self) -> str:
        """Press the button, and return the id that the page is told."""
        self.browser.click("#bell")
        answer = self.answer()
        assert answer["error"] is None, answer
        return str(answer["id"])

    def asks(self, method: str, *args: object) -> list[Any]:
        """Return what a method calls its callback with."""
        found: list[Any] = self.browser.evaluate(f"ask({json.dumps(method)}, {json.dumps(args)})")
        return found

    def does(self, *command: Any) -> None:
        """Push a command that has no callback."""
        self.browser.evaluate(f"void CleverPush.push({json.dumps(command)})")
