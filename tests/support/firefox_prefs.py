"""The preferences under which a stock Firefox works with the push service double and with nothing else."""

from typing import Final

from support.browser import NotificationsSetting

Prefs = dict[str, bool | int | str]

PERMISSION: Final[dict[NotificationsSetting, int]] = {"ask": 0, "allow": 1, "block": 2}
NOWHERE = "http://127.0.0.1:9/"

PUSH: Final[Prefs] = {
    "dom.push.enabled": True,
    "dom.push.connection.enabled": True,
    "dom.push.testing.allowInsecureServerURL": True,
    "dom.push.retryBaseInterval": 200,  # ms until it reconnects; its default is 5 s
    "dom.push.quotaUpdateDelay": 100,
    "dom.push.maxQuotaPerSubscription": 10_000,
    "dom.webnotifications.enabled": True,
    "dom.serviceWorkers.enabled": True,
    "dom.serviceWorkers.idle_timeout": 30_000,
    "security.notification_enable_delay": 0,  # a permission prompt can be answered at once
}

# Without these Firefox takes a machine without internet for offline and does not connect to loopback either.
ONLINE: Final[Prefs] = {
    "network.manage-offline-status": False,
    "network.connectivity-service.enabled": False,
    "network.captive-portal-service.enabled": False,
}

QUIET: Final[Prefs] = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.dom.window.dump.enabled": True,
    "browser.newtabpage.enabled": False,
    "browser.region.network.url": "",
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.sessionstore.resume_from_crash": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.page": 0,
    "browser.tabs.warnOnClose": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "focusmanager.testmode": False,  # Marionette sets True: a page that asks for the focus would stay in the back
    "media.gmp-manager.chromium-update-url": NOWHERE,
    "media.gmp-manager.updateEnabled": False,
    "media.gmp-manager.url": NOWHERE,
    "remote.prefs.recommended": True,
    "services.settings.server": NOWHERE,  # heeded only with MOZ_REMOTE_SETTINGS_DEVTOOLS=1
    "startup.homepage_welcome_url": "",
    "toolkit.startup.max_resumed_crashes": -1,
    "toolkit.telemetry.enabled": False,
}


def preferences(websocket_url: str, guard_port: int, notifications: NotificationsSetting) -> Prefs:
    """Return all preferences.

    Args:
        websocket_url: the push service.
        guard_port: of the proxy that everything but loopback has to pass.
        notifications: the permission of origins that were not asked.
    """
    guard: Prefs = {
        "network.proxy.type": 1,
        "network.proxy.http": "127.0.0.1",
        "network.proxy.http_port": guard_port,
        "network.proxy.ssl": "127.0.0.1",
        "network.proxy.ssl_port": guard_port,
        "network.proxy.no_proxies_on": "localhost, 127.0.0.1, .localhost",
        "network.proxy.allow_hijacking_localhost": False,
    }
    chosen: Prefs = {
        "dom.push.serverURL": websocket_url,
        "permissions.default.desktop-notification": PERMISSION[notifications],
        "marionette.port": 0,
    }
    return PUSH | ONLINE | QUIET | guard | chosen
