"""Headers that every answer carries, so that a browser takes it for nothing but what it is."""

from flask import Flask, Response

JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"


def register_security_headers(app: Flask) -> None:
    """Add the headers; a view that sets one itself keeps its own."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    if response.mimetype == "application/json":
        response.headers.setdefault("Content-Security-Policy", JSON_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
    return response
