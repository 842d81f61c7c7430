"""One website that uses Sitebell: its pages on an origin of its own, its site on the server, its API key."""

from typing import Any

from browser.server import SitebellServer
from browser.website import HTML, JAVASCRIPT, File, Website
from sitebell.models import Subscription
from support.application_server import ApplicationServer, Reply
from support.push_service import PushService
from support.signer import Signer
from support.waiting import wait_until

Json = dict[str, Any]

# The tag and the button of README.md, and beside them what a test looks at.
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<link rel="icon" href="data:,">
%(head)s
<button id="bell">Tell me what is new</button>
<script src="/page.js"></script>
"""
TAG = '<script src="%(server)s/sdk/v1/sitebell.js" data-site="%(token)s"%(attributes)s async></script>'
WORKER = "importScripts('%(server)s/sdk/v1/worker.js?site=%(token)s');\n"
PAGE_SCRIPT = """
window.Sitebell = window.Sitebell || [];
var heard = [], answer = null;
['ready', 'permission', 'subscribe', 'update_subscription', 'unsubscribe', 'show', 'click', 'close', 'error'].forEach(
  function (name) {
    Sitebell.push(['on', name, function (detail) { heard.push({ name: name, detail: plain(detail) }); }]);
  });
document.getElementById('bell').onclick = function () {
  Sitebell.push(['subscribe', function (member, error) { answer = { member: member, error: plain(error) }; }]);
};
function plain(detail) {
  return detail instanceof Error
    ? { code: detail.code, message: detail.message, docs: detail.docs, status: detail.status }
    : detail;
}
function call(method, args) {
  return Sitebell[method].apply(null, args).then(
    function (result) { return { result: result }; },
    function (error) { return { error: plain(error) }; });
}
"""


class Shop:
    """A site made by `sitebell sites create`, with a page at `/` and the worker file at `/bell-worker.js`."""

    def __init__(self, name: str, website: Website, server: SitebellServer, push_service: PushService) -> None:
        self.name, self.origin = name, website.origin(name)
        self.host = f"{name}.localhost"
        self._website, self._server, self._push_service = website, server, push_service
        site = server.command.json("sites", "create", name, "--origin", self.origin)
        self.token, self.api_key, self.database_id = site["token"], site["api_key"], site["database_id"]
        self._sent: list[str] = []
        self._blanks = {"server": server.url, "token": self.token}
        self.publish_page("/")
        self.publish("/page.js", PAGE_SCRIPT, JAVASCRIPT)
        self.publish("/bell-worker.js", self.worker_line(), JAVASCRIPT)

    # Its pages

    def publish(self, path: str, text: str, content_type: str, **headers: str) -> None:
        """Put a file on the website; underscores in the names of headers become hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._website.publish(self.name, path, File(text, content_type, named))

    def publish_page(self, path: str, head: str | None = None, **headers: str) -> None:
        """Put a page on the website; `head` instead of the one script tag."""
        self.publish(path, PAGE % {"head": self.script_tag() if head is None else head}, HTML, **headers)

    def script_tag(self, attributes: str = "") -> str:
        """Return the line for the page."""
        return TAG % {**self._blanks, "attributes": f" {attributes}" if attributes else ""}

    def worker_line(self) -> str:
        """Return the line for the worker file."""
        return WORKER % self._blanks

    def requests(self) -> list[str]:
        """Return what browsers asked of this website: paths, in order."""
        host = self.origin.removeprefix("http://")
        return [path for asked, path in self._website.requests if asked == host]

    # Its back end

    def post(self, notification: Json, **fields: Any) -> tuple[int, Json]:
        """Send a message to everyone, unless told otherwise; return status and answer."""
        body = {"audience": {"everyone": True}, "notification": notification, **fields}
        return self._server.ask("POST", "/v1/messages", self.api_key, body)

    def ask(self, method: str, path: str, body: Json | None = None) -> Json:
        """Return what the API answers to the site's own key.

        Raises:
            AssertionError: it refuses.
        """
        status, answer = self._server.ask(method, path, self.api_key, body)
        assert status < 400, answer
        return dict(answer)

    def require_tokens(self, signer: Signer) -> None:
        """Become a signed site: identities count only with tokens of this signer."""
        key = {"algorithm": signer.algorithm, "kid": signer.kid, "public_key": signer.public_key}
        self.ask("POST", "/v1/identity/keys", key)
        self._server.command.json("sites", "set", self.token, "--identity", "signed")

    def send(self, title: str, to: Json | None = None, **notification: Any) -> str:
        """Send a message to everyone, or to an audience, and return its id."""
        status, answer = self.post({"title": title, **notification}, audience=to or {"everyone": True})
        assert status == 202, answer
        self._sent.append(answer["id"])
        return self._sent[-1]

    def counts(self, message: str) -> dict[str, int]:
        """Return the counts of a message that are not zero."""
        status, answer = self._server.ask("GET", f"/v1/messages/{message}", self.api_key)
        assert status == 200, answer
        return {name: count for name, count in answer["counts"].items() if count}

    def wait_for_counts(self, message: str, **expected: int) -> dict[str, int]:
        """Return the counts of a message that are not zero as soon as some of them are as expected and all is settled.

        A browser may show a notification before the worker has written down that the push service accepted it.
        """

        def counts() -> dict[str, int] | None:
            seen.append(self.counts(message))
            is_reached = all(seen[-1].get(name, 0) == count for name, count in expected.items())
            return seen[-1] if is_reached and "pending" not in seen[-1] else None

        seen: list[dict[str, int]] = []
        try:
            return wait_until(counts, f"counts {expected}")
        except TimeoutError as error:
            raise TimeoutError(f"waited for {expected}; the counts are {seen[-1]}") from error

    def wait_until_sent(self, message: str) -> dict[str, int]:
        """Return the counts that are not zero when every delivery has its end."""
        path = f"/v1/messages/{message}"
        wait_until(lambda: self._server.ask("GET", path, self.api_key)[1]["status"] == "sent", "the message to be sent")
        return self.counts(message)

    def wait_until_quiet(self) -> None:
        """Wait until what `send` sent and push services accepted has been shown: then no push is on its way."""
        for message in self._sent:
            accepted = self.counts(message).get("accepted")
            if accepted:
                self.wait_for_counts(message, shown=accepted)

    def subscriptions(self) -> list[Subscription]:
        """Return the rows of this site's subscriptions, the oldest first."""
        return self._server.subscriptions(self.token)

    # Around Sitebell: a push of the shop's own

    def push_directly(self, subscription: Json, plaintext: bytes | None) -> Reply:
        """Send a push under the site's own key, past the Sitebell server; None has no body."""
        return self._sender().send(subscription, plaintext)

    def push_again(self, index: int = -1) -> Reply:
        """Send what the push service accepted before once more, byte for byte."""
        message = self._push_service.history[index]
        endpoint = message.subscription.endpoint
        sender = self._sender()
        headers = {
            "Authorization": sender.authorization(endpoint),
            "TTL": "60",
            "Content-Encoding": message.encoding or "",
        }
        return sender.post(endpoint, message.body, headers)

    def _sender(self) -> ApplicationServer:
        key = self._server.vapid_key(self.token).private_key
        return ApplicationServer(self._push_service.settings(), key)
