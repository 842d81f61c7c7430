"""Stock Firefox, headless, driven over Marionette: no geckodriver, no selenium, no version to keep in step."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Literal

from support.browser import BrowserError, NotificationsSetting, Permission
from support.firefox_prefs import preferences
from support.installed import program, require_library
from support.marionette import Marionette
from support.notifications import NotificationDaemon
from support.push_service import PushService
from support.waiting import wait_until

START_TIMEOUT = 60
STOP_TIMEOUT = 20
SET_PERMISSION = """
const principal = Services.scriptSecurityManager.createContentPrincipalFromOrigin(args[0]);
const value = {granted: Services.perms.ALLOW_ACTION, denied: Services.perms.DENY_ACTION,
               prompt: Services.perms.PROMPT_ACTION}[args[1]];
Services.perms.addFromPrincipal(principal, 'desktop-notification', value);"""
# In a window that is in the back Firefox keeps a prompt closed, and hears no button of one that is open. A question
# that nobody's click led to is born dismissed: no visitor would see it.
ANSWER_PROMPT = """
const panel = PopupNotifications.panel, asked = PopupNotifications.getNotification('web-notifications');
const isInFront = Services.focus.activeWindow === window;
if (asked && !isInFront) window.focus();
else if (asked && panel.state === 'closed' && !asked.options.dismissed) asked.reshow();
else if (asked && panel.state === 'open') {
  const prompt = panel.firstElementChild;
  (args[0] === 'allow' ? prompt.button : prompt.secondaryButton).click();
  return {pressed: prompt.notification.id};
}
return {isInFront, isAsked: !!asked, isDismissed: !!asked?.options.dismissed, panel: panel.state,
        page: gBrowser.selectedBrowser.currentURI.spec, windows: [...Services.wm.getEnumerator(null)].length};"""


class Firefox:
    """Implements `support.browser.Browser`.

    Args:
        push_service: its only push service, and its guard against the rest of the world.
        desktop: where its notifications appear.
        notifications_setting: the permission of origins that were not asked.
    """

    name = "firefox"
    version = ""

    def __init__(
        self,
        push_service: PushService,
        desktop: NotificationDaemon,
        notifications_setting: NotificationsSetting = "allow",
    ) -> None:
        self._binary = program("firefox-esr")
        require_library("notify")  # without it Firefox starts, and showNotification() fails
        self._desktop = desktop
        self.profile = Path(tempfile.mkdtemp(prefix="firefox-"))
        prefs = preferences(push_service.websocket_url, push_service.guard_port, notifications_setting)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in prefs.items()]
        (self.profile / "user.js").write_text("".join(lines))
        self._port_file = self.profile / "MarionetteActivePort"
        self.start()

    def start(self) -> None:
        """See `Browser.start`."""
        self._port_file.unlink(missing_ok=True)
        arguments = ["-headless", "-no-remote", "-profile", str(self.profile)]
        arguments += ["-marionette", "-remote-allow-system-access", "about:blank"]
        with (self.profile / "firefox.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binary, *arguments],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=self._environment(),
            )
        self._marionette = Marionette(wait_until(self._port, "Firefox to start", START_TIMEOUT))
        self.version = self._marionette.version

    def stop(self) -> None:
        """See `Browser.stop`."""
        try:
            self._marionette.quit()
            self._process.wait(STOP_TIMEOUT)
        except (BrowserError, subprocess.TimeoutExpired):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STOP_TIMEOUT)
        self._marionette.close()

    def close(self) -> None:
        """See `Browser.close`."""
        if self._process.returncode is None:
            self.stop()
        shutil.rmtree(self.profile, ignore_errors=True)

    def goto(self, url: str) -> None:
        """See `Browser.goto`."""
        self._marionette.command("WebDriver:Navigate", {"url": url})

    def evaluate(self, expression: str) -> Any:
        """See `Browser.evaluate`."""
        return self._marionette.run(f"return ({expression});")

    def wait_for(self, expression: str, timeout: float = 20) -> Any:
        """See `Browser.wait_for`."""
        return wait_until(lambda: self.evaluate(expression), expression, timeout)

    def click(self, selector: str) -> None:
        """See `Browser.click`."""
        element = self._marionette.command("WebDriver:FindElement", {"using": "css selector", "value": selector})
        (element_id,) = element["value"].values()
        self._marionette.command("WebDriver:ElementClick", {"id": element_id})

    def set_permission(self, origin: str, state: Permission) -> None:
        """See `Browser.set_permission`; it is written to the profile."""
        self.chrome_script(SET_PERMISSION, origin, state)

    def urls(self) -> list[str]:
        """See `Browser.urls`."""
        tabs: list[str] = self.chrome_script("return gBrowser.tabs.map(tab => tab.linkedBrowser.currentURI.spec);")
        return tabs

    def new_tab(self, url: str) -> None:
        """See `Browser.new_tab`."""
        opened = self._marionette.command("WebDriver:NewWindow", {"type": "tab", "focus": True})
        self._switch(opened["handle"])
        self.goto(url)

    def use_tab(self, url_part: str, timeout: float = 20) -> None:
        """See `Browser.use_tab`."""
        wait_until(lambda: self._switch_to_url(url_part), f"a tab with {url_part!r}", timeout)

    def close_other_tabs(self) -> None:
        """See `Browser.close_other_tabs`."""
        current = self._marionette.command("WebDriver:GetWindowHandle", {})["value"]
        for handle in self._marionette.command("WebDriver:GetWindowHandles", {}):
            if handle != current:
                self._switch(handle)
                self._marionette.command("WebDriver:CloseWindow", {})
        self._switch(current)

    def answer_prompt(self, answer: Literal["allow", "block"] = "allow") -> str:
        """Wait for the permission prompt, press its button and return its id ("web-notifications")."""
        seen: list[Any] = []

        def press() -> str | None:
            seen[:] = [self.chrome_script(ANSWER_PROMPT, answer)]
            pressed: str | None = seen[0].get("pressed")
            return pressed

        try:
            return str(wait_until(press, "the permission prompt"))
        except TimeoutError as error:
            raise TimeoutError(f"no permission prompt can be answered: {seen}") from error

    def chrome_script(self, body: str, *args: Any) -> Any:
        """Run a function body with the browser's own rights; `args` are there under that name.

        Raises:
            BrowserError: it threw.
        """
        return self._marionette.run_privileged(body, *args)

    def _switch(self, handle: str) -> None:
        self._marionette.command("WebDriver:SwitchToWindow", {"handle": handle, "focus": False})

    def _switch_to_url(self, url_part: str) -> bool:
        current = self._marionette.command("WebDriver:GetWindowHandle", {})["value"]
        for handle in self._marionette.command("WebDriver:GetWindowHandles", {}):
            self._switch(handle)
            if url_part in self._marionette.command("WebDriver:GetCurrentURL", {})["value"]:
                return True
        self._switch(current)
        return False

    def _environment(self) -> dict[str, str]:
        own = {
            "HOME": str(self.profile),
            "MOZ_CRASHREPORTER_DISABLE": "1",
            "MOZ_REMOTE_SETTINGS_DEVTOOLS": "1",
        }
        return os.environ | own | self._desktop.env()

    def _port(self) -> int | None:
        if self._process.poll() is not None:
            raise BrowserError(f"Firefox ended at once with status {self._process.returncode}")
        text = self._port_file.read_text() if self._port_file.exists() else ""
        return int(text) if text.strip() else None
