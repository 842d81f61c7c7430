"""The web server of the sites under test: each host name is a site of its own, with the files that a test publishes."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

HTML = "text/html; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"


@dataclass(frozen=True)
class File:
    """What is at one path."""

    text: str
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


class Website(ThreadingHTTPServer):
    """Listens on loopback, where browsers look for *.localhost and take it for secure. A context manager.

    requests: host and path (with query) of each, in order.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[tuple[str, str], File] = {}
        self.requests: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    def origin(self, name: str) -> str:
        """Return the origin of the site with a name."""
        return f"http://{name}.localhost:{self.server_port}"

    def publish(self, name: str, path: str, file: File) -> None:
        """Put a file in place, or another in its place."""
        self.files[f"{name}.localhost:{self.server_port}", path] = file

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: browsers hang up when they like."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Website

    def do_GET(self) -> None:
        host = self.headers["Host"]
        self.server.requests.append((host, self.path))
        file = self.server.files.get((host, self.path.partition("?")[0]))
        self.send_response(200 if file else 404)
        body = file.text.encode() if file else b"There is no such page."
        headers = {
            "Content-Type": file.content_type if file else "text/plain",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            **(file.headers if file else {}),
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""
