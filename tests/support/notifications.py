"""A desktop for browsers: a private D-Bus session bus and on it a notification service whose user is the test.

Browsers hand it what a service worker shows; tests read it back and click, press a button or dismiss
(Desktop Notifications Specification 1.2).
"""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from dbus_fast import BusType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

from support.installed import program
from support.loop_thread import LoopThread
from support.running import Running

SERVICE, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
CAPABILITIES = ["actions", "body", "body-markup", "body-hyperlinks", "icon-static", "persistence"]
DISMISSED, CLOSED_BY_APPLICATION = 2, 3
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:dir={directory}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>"""

Strings = Annotated[list[str], DBusSignature("as")]
ServerInformation = Annotated[tuple[str, str, str, str], DBusSignature("ssss")]
Hints = Annotated[dict[str, Variant], DBusSignature("a{sv}")]
ClosedSignal = Annotated[tuple[int, int], DBusSignature("uu")]
ActionSignal = Annotated[tuple[int, str], DBusSignature("us")]


@dataclass(frozen=True)
class Notification:
    """One notification on the screen.

    body: as the browser gave it; Chromium puts a link to the origin before it.
    actions: {key: label}; "default" is the notification itself. hints: without pixels.
    """

    id: int
    app: str
    title: str
    body: str
    icon: str
    actions: dict[str, str]
    hints: dict[str, Any]


class NotificationDaemon(Running):
    """The desktop."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._shown: dict[int, Notification] = {}

    def start(self) -> Self:
        """Start the bus and own the notification service's name.

        Raises:
            MissingProgramError: dbus-daemon is not installed.
        """
        binary = program("dbus-daemon")
        self._directory = Path(tempfile.mkdtemp(prefix="desktop-"))
        config = self._directory / "bus.conf"
        config.write_text(BUS_CONFIG.format(directory=self._directory))
        self._bus_process = subprocess.Popen(
            [binary, f"--config-file={config}", "--nofork", "--nopidfile", "--print-address"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # as root it warns of its limit of open files
            text=True,
        )
        assert self._bus_process.stdout is not None
        self._address = self._bus_process.stdout.readline().strip()
        self._thread = LoopThread("notification daemon")
        self._thread.run(self._connect())
        return self

    def stop(self) -> None:
        """End the service and the bus."""
        self._thread.run(self._disconnect())
        self._thread.stop()
        self._bus_process.terminate()
        self._bus_process.communicate(timeout=10)
        shutil.rmtree(self._directory, ignore_errors=True)

    def env(self) -> dict[str, str]:
        """Return the environment of a browser that is to find this desktop."""
        return {"DBUS_SESSION_BUS_ADDRESS": self._address}

    @property
    def shown(self) -> list[Notification]:
        """What is on the screen, the oldest first."""
        with self._changed:
            return list(self._shown.values())

    def wait(self, title: str, timeout: float = 20) -> Notification:
        """Return the notification with a title as soon as it is on the screen.

        Raises:
            TimeoutError: with what is there instead.
        """
        return self.wait_for(lambda n: n.title == title, f"a notification {title!r}", timeout)

    def wait_for(self, condition: Callable[[Notification], bool], what: str, timeout: float = 20) -> Notification:
        """Return the first notification that meets a condition, as soon as there is one.

        Raises:
            TimeoutError: with what is there instead.
        """
        with self._changed:
            found = self._changed.wait_for(lambda: [n for n in self._shown.values() if condition(n)], timeout)
            if not found:
                raise TimeoutError(f"waited {timeout:g} s for {what}; shown: {list(self._shown.values())}")
            return found[0]

    def wait_gone(self, notification: Notification, timeout: float = 20) -> None:
        """Return when a notification has left the screen.

        Raises:
            TimeoutError: it is still there.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: notification.id not in self._shown, timeout):
                raise TimeoutError(f"waited {timeout:g} s; still shown: {notification}")

    def click(self, notification: Notification) -> None:
        """Click the notification itself. The browser decides whether it stays."""
        self._invoke(notification, "default")

    def press(self, notification: Notification, label: str) -> None:
        """Press the action button with a label.

        Raises:
            KeyError: it has none.
        """
        keys = {label: key for key, label in notification.actions.items() if key != "default"}
        self._invoke(notification, keys[label])

    def dismiss(self, notification: Notification) -> None:
        """Close the notification as a user does."""
        self.drop(notification.id)
        self._emit(self._interface.NotificationClosed, notification.id, DISMISSED)

    def dismiss_all(self) -> None:
        """Clear the screen."""
        for notification in self.shown:
            self.dismiss(notification)

    def show(self, notification: Notification) -> None:
        """Put a notification on the screen, in place of the one with its id."""
        with self._changed:
            self._shown[notification.id] = notification
            self._changed.notify_all()

    def drop(self, notification_id: int) -> None:
        """Take a notification off the screen."""
        with self._changed:
            self._shown.pop(notification_id, None)
            self._changed.notify_all()

    def _invoke(self, notification: Notification, key: str) -> None:
        self._emit(self._interface.ActionInvoked, notification.id, key)

    def _emit(self, signal: Callable[..., object], *arguments: object) -> None:
        self._thread.loop.call_soon_threadsafe(signal, *arguments)

    async def _connect(self) -> None:
        self._bus = await MessageBus(bus_address=self._address, bus_type=BusType.SESSION).connect()
        self._interface = _NotificationService(self)
        self._bus.export(PATH, self._interface)
        await self._bus.request_name(SERVICE)

    async def _disconnect(self) -> None:
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


class _NotificationService(ServiceInterface):
    """The D-Bus face. Names and signatures are the specification's."""

    def __init__(self, daemon: NotificationDaemon) -> None:
        super().__init__(SERVICE)
        self._daemon = daemon
        self._last_id = 0

    @dbus_method()
    def GetCapabilities(self) -> Strings:  # noqa: N802
        return CAPABILITIES

    @dbus_method()
    def GetServerInformation(self) -> ServerInformation:  # noqa: N802
        return ("notification double", "Sitebell tests", "1", "1.2")

    @dbus_method()
    def Notify(  # noqa: N802
        self,
        app_name: DBusStr,
        replaces_id: DBusUInt32,
        app_icon: DBusStr,
        summary: DBusStr,
        body: DBusStr,
        actions: Strings,
        hints: Hints,
        expire_timeout: DBusInt32,  # noqa: ARG002
    ) -> DBusUInt32:
        if not replaces_id:
            self._last_id += 1
        notification_id = replaces_id or self._last_id
        labels = dict(zip(actions[::2], actions[1::2], strict=True))
        told = {name: hint.value for name, hint in hints.items() if not name.startswith("image")}
        self._daemon.show(Notification(notification_id, app_name, summary, body, app_icon, labels, told))
        return notification_id

    @dbus_method()
    def CloseNotification(self, notification_id: DBusUInt32) -> None:  # noqa: N802
        self._daemon.drop(notification_id)
        self.NotificationClosed(notification_id, CLOSED_BY_APPLICATION)

    @dbus_signal()
    def NotificationClosed(self, notification_id: DBusUInt32, reason: DBusUInt32) -> ClosedSignal:  # noqa: N802
        return (notification_id, reason)

    @dbus_signal()
    def ActionInvoked(self, notification_id: DBusUInt32, key: DBusStr) -> ActionSignal:  # noqa: N802
        return (notification_id, key)
