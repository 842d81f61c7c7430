"""Sends a message to every subscriber of a site; the standard library is enough.

SITEBELL_API_KEY=sb_… python3 send.py https://bell.example.com "The shop is open" "Fresh bread from 7 to 12." /bread
"""

import json
import os
import sys
from urllib.error import HTTPError
from urllib.request import Request, urlopen


def send(server: str, title: str, body: str = "", url: str = "/") -> str:
    """Return the id of the message; `url` is what a click opens."""
    content = {"audience": {"everyone": True}, "notification": {"title": title, "body": body, "url": url}}
    headers = {"Authorization": f"Bearer {os.environ['SITEBELL_API_KEY']}", "Content-Type": "application/json"}
    try:
        with urlopen(Request(f"{server}/v1/messages", json.dumps(content).encode(), headers)) as answer:  # noqa: S310
            return str(json.load(answer)["id"])
    except HTTPError as error:
        sys.exit(json.load(error)["error"]["message"])


if __name__ == "__main__":
    print(send(*sys.argv[1:]))
