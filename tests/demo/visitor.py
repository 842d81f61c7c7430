"""Who asks the demo: by default its own page in a browser on this machine."""

import json as jsonlib
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PORT = 8080
HERE = f"localhost:{PORT}"
OWN_PAGE = f"http://{HERE}"


class Visitor:
    """Makes requests as a browser does: always with Host, and with Origin when it posts."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        host: str = HERE,
        origin: str | None = None,
        address: str = "127.0.0.1",
        json: Any = None,
    ) -> TestResponse:
        """Make one request; `origin` None sends none."""
        headers = {"Origin": origin} if origin is not None else {}
        return self._client.open(
            path,
            method=method,
            base_url=f"http://{host}",
            headers=headers,
            json=json,
            environ_base={"REMOTE_ADDR": address},
            buffered=True,
        )

    def send(self, **wish: Any) -> TestResponse:
        """Press the button of the page."""
        return self.ask("/demo/send", "POST", origin=OWN_PAGE, json=wish)


def content(answer: TestResponse) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    value: dict[str, Any] = jsonlib.loads(answer.text)
    return value


def refusal(answer: TestResponse) -> tuple[int, str]:
    """Return status and code of a failure."""
    return answer.status_code, content(answer)["error"]["code"]
