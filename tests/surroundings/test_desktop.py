"""The desktop of the tests, spoken to over D-Bus by a client of its own instead of a browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from support.installed import MissingProgramError
from support.loop_thread import LoopThread
from support.notifications import NotificationDaemon

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"


class Application:
    """What a browser does at its end of the bus. `signals` are those that it heard."""

    def __init__(self, address: str) -> None:
        self.signals: list[tuple[str, list[Any]]] = []
        self._thread = LoopThread("application")
        self._thread.run(self._connect(address))

    def call(self, member: str, signature: str = "", *body: Any) -> list[Any]:
        """Call a method of the notification service and return what it gives."""
        reply = self._thread.run(self._call(NAME, PATH, NAME, member, signature, list(body)))
        assert reply.message_type is MessageType.METHOD_RETURN, reply.body
        return reply.body

    def notify(self, title: str, replaces: int = 0) -> int:
        """Show a notification with two buttons and return its id."""
        actions = ["default", "Open", "0", "More", "1", "Less"]
        hints = {"urgency": Variant("y", 1), "image-data": Variant("ay", b"pixels")}
        body = ("browser", replaces, "icon", title, "body", actions, hints, -1)
        return int(self.call("Notify", "susssasa{sv}i", *body)[0])

    def close(self) -> None:
        """Leave the bus."""
        self._thread.run(self._disconnect())
        self._thread.stop()

    async def _connect(self, address: str) -> None:
        self._bus = await MessageBus(bus_address=address).connect()
        self._bus.add_message_handler(self._hear)
        rule = f"type='signal',interface='{NAME}'"
        bus = "org.freedesktop.DBus"
        await self._call(bus, "/org/freedesktop/DBus", bus, "AddMatch", "s", [rule])

    async def _call(
        self, destination: str, path: str, interface: str, member: str, signature: str, body: list[Any]
    ) -> Message:
        message = Message(
            destination=destination,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=body,
        )
        reply = await self._bus.call(message)
        assert reply is not None
        return reply

    async def _disconnect(self) -> None:
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    def _hear(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.interface == NAME:
            self.signals.append((message.member or "", message.body))


@pytest.fixture
def desktop() -> Iterator[NotificationDaemon]:
    with NotificationDaemon() as daemon:
        yield daemon


@pytest.fixture
def application(desktop: NotificationDaemon) -> Iterator[Application]:
    application = Application(desktop.env()["DBUS_SESSION_BUS_ADDRESS"])
    yield application
    application.close()


def heard(application: Application) -> list[tuple[str, list[Any]]]:
    """Return the signals so far; the answer to a call comes after those that were sent before it."""
    application.call("GetServerInformation")
    return application.signals


def test_it_says_what_it_can(application: Application) -> None:
    assert "actions" in application.call("GetCapabilities")[0]
    assert application.call("GetServerInformation")[3] == "1.2"


def test_notification_is_shown_with_all_its_parts(desktop: NotificationDaemon, application: Application) -> None:
    notification_id = application.notify("title")
    shown = desktop.wait("title")
    assert (shown.id, shown.app, shown.body, shown.icon) == (notification_id, "browser", "body", "icon")
    assert shown.actions == {"default": "Open", "0": "More", "1": "Less"}
    assert shown.hints == {"urgency": 1}
    assert desktop.shown == [shown]


def test_click_and_press_invoke_actions(desktop: NotificationDaemon, application: Application) -> None:
    notification_id = application.notify("title")
    shown = desktop.wait("title")
    desktop.click(shown)
    desktop.press(shown, "Less")
    assert heard(application) == [
        ("ActionInvoked", [notification_id, "default"]),
        ("ActionInvoked", [notification_id, "1"]),
    ]
    with pytest.raises(KeyError):
        desktop.press(shown, "Open")


def test_dismiss_closes_as_a_user_does(desktop: NotificationDaemon, application: Application) -> None:
    notification_id = application.notify("title")
    desktop.dismiss(desktop.wait("title"))
    assert heard(application) == [("NotificationClosed", [notification_id, 2])]
    assert desktop.shown == []


def test_application_closes_its_notification(desktop: NotificationDaemon, application: Application) -> None:
    notification_id = application.notify("title")
    shown = desktop.wait("title")
    application.call("CloseNotification", "u", notification_id)
    desktop.wait_gone(shown)
    assert heard(application) == [("NotificationClosed", [notification_id, 3])]


def test_notification_is_replaced_by_id(desktop: NotificationDaemon, application: Application) -> None:
    first = application.notify("first")
    assert application.notify("second") != first
    assert application.notify("third", replaces=first) == first
    assert [shown.title for shown in desktop.shown] == ["third", "second"]
    desktop.dismiss_all()
    assert desktop.shown == []


def test_waiting_in_vain_tells_what_is_there(desktop: NotificationDaemon, application: Application) -> None:
    application.notify("other")
    with pytest.raises(TimeoutError, match="other"):
        desktop.wait("title", timeout=0.05)
    with pytest.raises(TimeoutError, match="still shown"):
        desktop.wait_gone(desktop.wait("other"), timeout=0.05)


def test_missing_bus_names_the_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingProgramError, match=r"dbus-daemon .* apt-get install -y firefox-esr chromium dbus"):
        NotificationDaemon().start()
