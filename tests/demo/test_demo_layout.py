"""How the page looks and handles in Chromium: every width, both themes, keyboard, no motion where none is wanted."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from install.serving import Serving
from sitebell.demo import demo_folder
from support.installed import program

WIDTHS = (320, 390, 768, 1280, 1600)
PAPER = {"light": "rgb(251, 250, 247)", "dark": "rgb(20, 23, 31)"}
STATES = ("loading", "offered", "asking", "subscribed", "denied", "unsupported", "error")
SHOW_EVERYTHING = """() => {
  for (const element of document.querySelectorAll('[hidden]')) element.hidden = false;
  document.getElementById('hero-help').textContent = 'https://bell.example.com/docs/sdk#push_service_failed '.repeat(3);
  for (const place of document.querySelectorAll('.step-when')) place.textContent = 'within 123 s';
}"""
TOO_SMALL = """() => [...document.querySelectorAll('button, input, textarea, .switch label')]
  .map((element) => element.type === 'checkbox' ? element.closest('label') : element)
  .filter((element) => element.checkVisibility())
  .filter((element) => Math.min(element.offsetWidth, element.offsetHeight) < 44)
  .map((element) => element.outerHTML)"""


@pytest.fixture(scope="module")
def chromium(running_demo: Serving) -> Iterator[Browser]:  # noqa: ARG001  (ends after the browser, as its loop wants)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, running_demo: Serving) -> Page:
    """The demo page, ready for its first click."""
    page = context.new_page()
    page.goto(f"http://localhost:{running_demo.port}/")
    page.wait_for_selector("body[data-state=offered]")
    return page


def background(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(page: Page, width: int) -> None:
    """In every state of the page, also with all that it can show at once."""
    page.set_viewport_size({"width": width, "height": 800})
    widths = {"ready": page.evaluate("document.documentElement.scrollWidth")}
    page.evaluate(SHOW_EVERYTHING)
    for state in STATES:
        page.evaluate("(state) => { document.body.dataset.state = state; }", state)
        widths[state] = page.evaluate("document.documentElement.scrollWidth")

    assert {state: found for state, found in widths.items() if found > width} == {}


@pytest.mark.parametrize("width", [320, 1280])
def test_every_control_is_large_enough_for_a_finger(page: Page, width: int) -> None:
    """44 px, which look.md asks for; a checkbox counts with its label."""
    page.set_viewport_size({"width": width, "height": 800})

    assert page.evaluate(TOO_SMALL) == []


def test_the_page_loads_nothing_from_elsewhere_and_breaks_no_rule_of_its_own(
    context: BrowserContext, running_demo: Serving
) -> None:
    page, complaints, asked = context.new_page(), [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    home = f"http://localhost:{running_demo.port}/"

    page.goto(home)
    page.wait_for_selector("body[data-state=offered]")

    assert complaints == []
    assert len(asked) > 10
    assert not [url for url in asked if not url.startswith(home)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_follows_the_system(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")

    assert background(page) == PAPER[theme]


def test_the_switch_outranks_the_system_and_is_remembered(page: Page) -> None:
    page.get_by_label("Dark", exact=True).check()
    assert background(page) == PAPER["dark"]

    page.reload()
    assert background(page) == PAPER["dark"]

    page.get_by_label("System", exact=True).check()
    assert background(page) == PAPER["light"]


def test_the_bell_swings_unless_motion_is_unwelcome(page: Page) -> None:
    animation = "getComputedStyle(document.querySelector('.swinging')).animationName"
    page.evaluate("document.getElementById('bell').classList.add('ringing')")
    assert page.evaluate(animation) == "swing"

    page.emulate_media(reduced_motion="reduce")

    assert page.evaluate(animation) == "none"
    assert page.evaluate("getComputedStyle(document.getElementById('subscribe')).transitionDuration") == "0s, 0s"


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(page: Page) -> None:
    reached = []
    for _ in range(9):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))

    controls = ["skip", "subscribe", "title", "body", "later", "log-frame", "button copy", "button copy"]
    assert [name for name in reached if name] == controls


def test_the_page_is_named_for_screen_readers(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("A bell on your own door")
    expect(page.get_by_role("log", name="Events, as the SDK reports them")).to_be_visible()
    expect(page.get_by_role("button", name="Copy the line for the worker")).to_be_visible()
    expect(page.get_by_role("group", name="Colours")).to_be_visible()
    assert page.locator("label:not(:has(input)):not([for])").count() == 0


def test_copying_takes_the_line_as_it_is(page: Page, context: BrowserContext, running_demo: Serving) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy the line for the page").click()
    expect(page.locator("#said")).to_have_text("Copied")

    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f'<script src="http://localhost:{running_demo.port}/sdk/v1/sitebell.js" data-site="')
    assert copied.endswith('" async></script>')


def test_a_missing_sdk_is_told_with_what_to_do(context: BrowserContext, running_demo: Serving) -> None:
    page = context.new_page()
    page.route("**/sdk/**", lambda route: route.abort())

    page.goto(f"http://localhost:{running_demo.port}/")

    expect(page.locator("#hero-help")).to_contain_text("The SDK did not arrive")
    expect(page.locator("#subscribe")).to_have_text("Try again")


def test_an_unanswered_question_can_be_asked_again(page: Page) -> None:
    """Without a window Chromium answers for the visitor at once: neither yes nor no, or no."""
    page.click("#subscribe")

    page.wait_for_selector("body:not([data-state=asking])")
    expect(page.locator("#hero-help")).to_be_visible()
    expect(page.locator("#subscribe")).to_be_enabled()


def test_every_drawing_of_the_bell_is_the_same() -> None:
    """The mark in the page and in the tab: one line, told apart by the clapper alone."""
    drawings = [path.read_text() for path in sorted((demo_folder() / "icons").glob("mark-*.svg"))]
    line = 'd="M16 4.8v2.4M7 21.8c2.1-1.6 3-3.8 3-6.6v-2a6 6 0 0 1 12 0v2c0 2.8.9 5 3 6.6z"'

    assert len(drawings) == 3
    assert all(line in text for text in [*drawings, (demo_folder() / "index.html").read_text()])
