"""Chromium's side, first half: GCM check-in and registration, by which it gets an id and subscribes."""

import secrets
from dataclasses import dataclass

from aiohttp import web

from support.push_service import base64url, protobuf
from support.push_service.providers import GOOGLE
from support.push_service.store import Store, Subscription


@dataclass(eq=False, kw_only=True)
class GcmSubscription(Subscription):
    """A subscription of Chromium, with what its messages must carry to find the right service worker."""

    category: str
    subtype: str
    sender: str
    app_id: str


class Gcm:
    """The two HTTP endpoints; where they are is told to Chromium by switches."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def checkin(self, request: web.Request) -> web.Response:
        """Give the browser an id and a secret, or confirm those that it has (AndroidCheckinResponse)."""
        asked = protobuf.parse(await request.read())
        android_id = asked.get(2, [0])[0] or secrets.randbits(62) | 1
        security_token = asked.get(13, [0])[0] or secrets.randbits(62) | 1
        self._store.clients.add(str(android_id))
        self._store.journal.note("chromium: check-in", android_id=android_id)
        answer = protobuf.message(
            (1, 1),  # stats_ok
            (3, int(self._store.clock() * 1000)),  # time_msec
            (7, protobuf.Fixed64(android_id)),
            (8, protobuf.Fixed64(security_token)),
            (9, 0),  # market_ok
        )
        return web.Response(body=answer, content_type="application/x-protobuf")

    async def register(self, request: web.Request) -> web.Response:
        """Subscribe, or unsubscribe with delete=true. The same request again gives the same token."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        self._store.journal.note("chromium: register", **form)
        if form.get("delete") == "true":
            self._delete(form)
            return web.Response(text="token=" + form.get("appid", ""))
        subscription = self._find(form) or self._create(form)
        return web.Response(text="token=" + subscription.token)

    def _of_app(self, form: dict[str, str]) -> list[GcmSubscription]:
        return [
            subscription
            for subscription in self._store.of_client(form["device"])
            if isinstance(subscription, GcmSubscription) and subscription.app_id == form.get("appid", "")
        ]

    def _find(self, form: dict[str, str]) -> GcmSubscription | None:
        wanted = (form["sender"], form.get("X-subtype", ""))
        return next((s for s in self._of_app(form) if (s.sender, s.subtype) == wanted), None)

    def _delete(self, form: dict[str, str]) -> None:
        wanted = form.get("X-subtype", form.get("sender"))
        for subscription in self._of_app(form):
            if wanted in (subscription.subtype, "*"):
                subscription.gone = True

    def _create(self, form: dict[str, str]) -> GcmSubscription:
        app_id = form.get("appid", "")
        subscription = GcmSubscription(
            provider=GOOGLE,
            host=GOOGLE.hosts[0],
            client=form["device"],
            application_server_key=_point(form["sender"]),
            token=f"{app_id or secrets.token_urlsafe(8)}:APA91b{secrets.token_urlsafe(100)}",
            category=form["app"],
            subtype=form.get("X-subtype", ""),
            sender=form["sender"],
            app_id=app_id,
        )
        self._store.subscribe(subscription)
        return subscription


def _point(sender: str) -> bytes | None:
    """Return the application server key; Chromium's own registrations have a sender that is none."""
    try:
        key = base64url.decode(sender)
    except ValueError:
        return None
    return key if len(key) == 65 else None
