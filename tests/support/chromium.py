"""Stock Chromium, headless, driven by Playwright."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

from support.browser import BrowserError, NotificationsSetting, Permission
from support.installed import program
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.waiting import wait_until

PERMISSION: Final[dict[NotificationsSetting, int]] = {"allow": 1, "block": 2, "ask": 3}
VIEWPORT = (1280, 720)
NOWHERE = "http://127.0.0.1:9/"


class Chromium:
    """Implements `support.browser.Browser`.

    Args:
        push_service: its only push service, and its guard against the rest of the world.
        desktop: where its notifications appear.
        notifications_setting: the permission of origins that were not asked. It is written into the profile:
            one that is granted at run time is lost at a restart, and a message that waits then makes
            Chromium unsubscribe. Headless, "ask" resolves to the answer "default" at once.
    """

    name = "chromium"
    version = ""

    def __init__(
        self,
        push_service: PushService,
        desktop: NotificationDaemon,
        notifications_setting: NotificationsSetting = "allow",
    ) -> None:
        self._binary = program("chromium")
        self._push_service, self._desktop = push_service, desktop
        self.profile = Path(tempfile.mkdtemp(prefix="chromium-"))
        preferences = {
            "profile": {"default_content_setting_values": {"notifications": PERMISSION[notifications_setting]}}
        }
        (self.profile / "Default").mkdir()
        (self.profile / "Default" / "Preferences").write_text(json.dumps(preferences))
        self._playwright = sync_playwright().start()
        self._running = False
        self.start()

    def start(self) -> None:
        """See `Browser.start`."""
        self._context = self._playwright.chromium.launch_persistent_context(
            str(self.profile),
            executable_path=self._binary,
            headless=True,
            chromium_sandbox=False,  # root has none, nor have most containers
            args=[*self._push_service.chromium_args(), *self._guard()],
            env={**os.environ, "HOME": str(self.profile), **self._desktop.env()},
        )
        self._running = True
        self._use(self._context.pages[0] if self._context.pages else self._context.new_page())
        self.version = str(self._cdp.send("Browser.getVersion")["product"]).rpartition("/")[2]

    def stop(self) -> None:
        """See `Browser.stop`."""
        self._context.close()
        self._running = False

    def close(self) -> None:
        """See `Browser.close`."""
        if self._running:
            self.stop()
        self._playwright.stop()
        shutil.rmtree(self.profile, ignore_errors=True)

    def goto(self, url: str) -> None:
        """See `Browser.goto`."""
        self._page.goto(url)

    def evaluate(self, expression: str) -> Any:
        """See `Browser.evaluate`."""
        try:
            return self._page.evaluate(f"(async () => ({expression}))()")
        except PlaywrightError as error:
            raise BrowserError(error.message) from error

    def wait_for(self, expression: str, timeout: float = 20) -> Any:
        """See `Browser.wait_for`."""
        return wait_until(lambda: self.evaluate(expression), expression, timeout)

    def click(self, selector: str) -> None:
        """See `Browser.click`."""
        self._page.click(selector)

    def set_permission(self, origin: str, state: Permission) -> None:
        """See `Browser.set_permission`; it lasts until `stop()`."""
        permission = {"permission": {"name": "notifications"}, "setting": state, "origin": origin}
        self._cdp.send("Browser.setPermission", permission)

    def urls(self) -> list[str]:
        """See `Browser.urls`. Asked of the browser, since Playwright learns of a new tab only in its own calls."""
        targets = self._cdp.send("Target.getTargets")["targetInfos"]
        return [target["url"] for target in targets if target["type"] == "page"]

    def new_tab(self, url: str) -> None:
        """See `Browser.new_tab`."""
        self._use(self._context.new_page())
        self.goto(url)

    def use_tab(self, url_part: str, timeout: float = 20) -> None:
        """See `Browser.use_tab`."""
        self._use(wait_until(lambda: self._find(url_part), f"a tab with {url_part!r}", timeout))

    def close_other_tabs(self) -> None:
        """See `Browser.close_other_tabs`. Asked of the browser, for the same reason as `urls`."""
        own = self._cdp.send("Target.getTargetInfo")["targetInfo"]["targetId"]
        for target in self._cdp.send("Target.getTargets")["targetInfos"]:
            if target["type"] == "page" and target["targetId"] != own:
                self._cdp.send("Target.closeTarget", {"targetId": target["targetId"]})
        wait_until(lambda: len(self.urls()) == 1, "the other tabs to close")

    def screenshot(self, path: Path, width: int, height: int, *, dark: bool = False) -> None:
        """Save a picture (PNG) of the page as it looks at a size in CSS pixels, in light or dark colours."""
        self._page.set_viewport_size({"width": width, "height": height})
        self._page.emulate_media(color_scheme="dark" if dark else "light")
        self._page.screenshot(path=path)
        self._page.emulate_media(color_scheme="null")
        self._page.set_viewport_size({"width": VIEWPORT[0], "height": VIEWPORT[1]})

    def _use(self, page: Page) -> None:
        self._page = page
        self._cdp = self._context.new_cdp_session(page)

    def _find(self, url_part: str) -> Page | None:
        self.urls()  # a call, so that Playwright hears of new tabs
        return next((page for page in self._context.pages if url_part in page.url), None)

    def _guard(self) -> list[str]:
        """Send all that is not loopback to a proxy that refuses it, and keep Chromium from asking at all."""
        return [
            f"--proxy-server=http://127.0.0.1:{self._push_service.guard_port}",
            "--proxy-bypass-list=localhost;127.0.0.1;*.localhost",
            f"--gaia-url={NOWHERE}",
            f"--component-updater=url-source={NOWHERE}",
        ]
