"""Shows docs/sdk.md where the SDK's errors point to, so that the link in a console works without a network outside."""

import base64
import hashlib
import html
import re
from collections import Counter

STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;background:light-dark(#fbfaf7,#14171f);color:light-dark(#1d2433,#eef0f4)}"
    "pre{max-width:125ch;margin:auto;padding:24px 16px;font:15px/1.5 ui-monospace,monospace;white-space:pre-wrap;"
    "overflow-wrap:anywhere}"
    "b,a{color:light-dark(#8f5510,#e3aa5a)}"
    "b:target{background:light-dark(#f6ead8,#3a2d18)}"
)
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK_INSIDE = re.compile(r"\[([^\]]+)\]\((#[\w-]+)\)")


def render_guide(markdown: str) -> str:
    """Return an HTML page with the text as it is, an anchor at each heading, and links to those."""
    text = html.escape(markdown, quote=False)
    seen: Counter[str] = Counter()

    def mark(heading: re.Match[str]) -> str:
        anchor = _anchor(heading[1])
        number = seen[anchor]
        seen[anchor] += 1
        return f'<b id="{anchor}{f"-{number}" if number else ""}">{heading[0]}</b>'

    text = _HEADING.sub(mark, text)
    text = _LINK_INSIDE.sub(r'<a href="\2">\1</a>', text)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Sitebell SDK</title><style>{STYLE}</style><body><pre>{text}</pre></body></html>\n"
    )


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading: error codes keep their underscores."""
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))
