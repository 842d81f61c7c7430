"""A shop that was a resource at Altcraft, its page as that vendor teaches, and whoever visits it."""

import json
from typing import Any

from browser.prompting import NOBODY_ASKED
from browser.server import SitebellServer
from browser.shop import Json, Shop
from browser.visitor import Visitor
from browser.website import HTML, JAVASCRIPT
from sitebell.clock import utcnow
from support.browser import Browser
from support.chromium import Chromium
from support.signer import Signer

LOADER = '<script src="%s/sdk/v1/altcraft.js?site=%s"></script>'
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<link rel="icon" href="data:,">
%(head)s
<button id="bell">Tell me what is new</button>
<script>
  var heard = [], warned = [], outcome = null;
  console.warn = function (sentence) { warned.push(String(sentence)); };
  var akPush = window.AKPush ? new AKPush(%(config)s) : null;
  function listen(name) {
    AKPush.events.on(name, function (detail) { heard.push({ name: name, detail: detail }); });
  }
  function begin(config) { akPush = new AKPush(config); }
  if (akPush) listen('subscribe');
  if (akPush) listen('update_subscription');
  document.getElementById('bell').onclick = function () {
    akPush.initSubscription(%(match)s, { _fname: 'Ann' }).then(function () { outcome = 'done'; });
  };
  function call(method, args) {
    return akPush[method].apply(akPush, args).then(
      function (result) { return { result: result }; }, function (error) { return { error: String(error) }; });
  }
</script>
"""


class Resource:
    """A shop that was a resource at Altcraft, and its ids there."""

    def __init__(self, shop: Shop, server: SitebellServer, browser: Browser) -> None:
        self.shop, self.server, self.browser = shop, server, browser
        self.token, self.api_key = f"3LXP2FRcRxJ-{shop.name}", f"7b14db88ec937f14-{shop.name}"
        self.database_id = shop.database_id + 34  # no other test's: that one was the newest
        command = server.command
        command.json("databases", "create", "Customers", "--id", self.database_id)
        command.json("databases", "link", self.database_id, "--site", shop.token)
        command.json("sites", "set", shop.token, "--dialect", "altcraft")
        ids = ("--resource-token", self.token, "--resource-id", 22, "--api-key", self.api_key)
        command.json("sites", "alias", shop.token, "--dialect", "altcraft", *ids)
        shop.publish("/service-worker.js", shop.worker_line(), JAVASCRIPT)
        self.publish()

    def publish(self, head: str | None = None, match: Json | None = None, config: Json | None = None) -> None:
        """Put the page in place."""
        prompt = NOBODY_ASKED if isinstance(self.browser, Chromium) else ""
        blanks = {
            "head": prompt + (self.loader() if head is None else head),
            "match": json.dumps(match or {"email": "ann@example.com", "db": self.database_id}),
            "config": json.dumps(config) if config else "",
        }
        self.shop.publish("/", PAGE % blanks, HTML)

    def loader(self) -> str:
        """Return the line that stands where the vendor's own was."""
        return LOADER % (self.server.url, self.token)

    def require_tokens(self, *names: str) -> dict[str, str]:
        """Become a signed site, and return a token for each name: it says e-mail address and first name, too."""
        signer, now = Signer(), utcnow()
        self.shop.require_tokens(signer)
        return {
            name: signer.sign(
                self.shop.token, now, sub=name, email=f"{name}@example.com", fields={"_fname": name.title()}
            )
            for name in names
        }

    def import_profile(self, email: str, **data: Any) -> str:
        """Make the vendor's REST call for a profile, and return its id."""
        body = {"token": self.api_key, "db_id": self.database_id, "matching": "email", "email": email, "data": data}
        status, answer = self.server.ask("POST", "/api/v1.1/profiles/import", body=body)
        assert (status, answer["error"]) == (200, 0)
        return str(answer["profile_id"])

    def person(self, email: str, database_id: int | None = None) -> Json | None:
        """Return the profile with an e-mail address."""
        path = f"/v1/databases/{database_id or self.database_id}/profiles?email={email}"
        found = self.shop.ask("GET", path)["profiles"]
        return found[0] if found else None

    def standing(self, email: str) -> list[str]:
        """Return how the browsers of a person stand at the profile."""
        person = self.person(email)
        assert person is not None
        path = f"/v1/databases/{self.database_id}/profiles/{person['id']}/subscriptions"
        return [row["enrollment"]["status"] for row in self.shop.ask("GET", path)["subscriptions"]]


class Guest(Visitor):
    """A visitor of pages that know only the vendor's words."""

    def visit(self, path: str = "/") -> None:
        """Load the page."""
        self.browser.goto(self.shop.origin + path)

    def subscribe(self) -> str:
        """Press the button, answer the prompt, and return the token that the page is told."""
        self.browser.click("#bell")
        self.answer_prompt("allow")
        token: str = self.wait_for_event("subscribe")["token"]
        return token
