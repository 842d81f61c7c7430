"""A website with a page and a service worker of its own, to try the browser drivers without Sitebell."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.waiting import wait_until

PAGE = """<!doctype html><meta charset="utf-8"><title>page</title>
<style>body { background: #fff } @media (prefers-color-scheme: dark) { body { background: #000 } }</style>
<button id="ask">ask</button>
<script>
const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
async function subscribe(key) {
  await navigator.serviceWorker.register('/worker.js');
  const registration = await navigator.serviceWorker.ready;
  const options = {userVisibleOnly: true, applicationServerKey: bytes(key)};
  return (await registration.pushManager.subscribe(options)).toJSON();
}
async function subscription() { return (await navigator.serviceWorker.ready).pushManager.getSubscription(); }
ask.onclick = async event => {
  window.active = navigator.userActivation ? navigator.userActivation.isActive : event.isTrusted;
  window.answer = await Notification.requestPermission();
};
</script>"""
WORKER = """
const tell = (kind, data) => fetch('/events', {method: 'POST', body: JSON.stringify({kind, data})});
self.addEventListener('install', event => event.waitUntil(self.skipWaiting()));
self.addEventListener('activate', event => event.waitUntil(clients.claim()));
self.addEventListener('push', event => {
  const title = event.data ? event.data.text() : '(empty)';
  const actions = [{action: 'more', title: 'More'}];
  event.waitUntil(self.registration.showNotification(title, {body: 'text', tag: title, actions}));
});
self.addEventListener('notificationclick', event => {
  event.notification.close();
  const url = '/opened?' + encodeURIComponent(event.notification.title);
  event.waitUntil(Promise.all([tell('click', event.action), clients.openWindow(url)]));
});
self.addEventListener('notificationclose', event => event.waitUntil(tell('close', event.notification.title)));
self.addEventListener('pushsubscriptionchange', event => event.waitUntil(tell('change', null)));
"""


class SampleSite(ThreadingHTTPServer):
    """Serves the page and the worker; keeps what the worker tells."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.events: list[dict[str, Any]] = []
        self.url = f"http://localhost:{self.server_port}"

    def wait_event(self, kind: str) -> Any:
        """Return what the worker told with the first event of a kind."""
        events = wait_until(lambda: [e for e in self.events if e["kind"] == kind], f"the event {kind}")
        return events[0]["data"]


class _Handler(BaseHTTPRequestHandler):
    server: SampleSite

    def do_GET(self) -> None:
        is_worker = self.path == "/worker.js"
        self._answer("text/javascript" if is_worker else "text/html", WORKER if is_worker else PAGE)

    def do_POST(self) -> None:
        self.server.events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer("text/plain", "")

    def _answer(self, content_type: str, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
