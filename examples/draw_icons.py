"""Draws the PNG icons that notifications need from their SVG drawings, with a headless Chromium.

Run it after changing a drawing: `python examples/draw_icons.py /usr/bin/chromium`; it needs Playwright.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ICONS = Path(__file__).parent / "demo" / "icons"
DRAWINGS = {"icon-192.png": ("mark-on.svg", 192), "badge-96.png": ("badge.svg", 96)}


def draw(chromium: str) -> None:
    """Write every PNG of DRAWINGS, square, with a transparent ground."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (drawing, size) in DRAWINGS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            svg = (ICONS / drawing).read_text()
            page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{svg}")
            page.screenshot(path=ICONS / name, omit_background=True)
        browser.close()


if __name__ == "__main__":
    draw(*sys.argv[1:])
