"""Steers a push service that runs in its own process: a few of its methods as JSON over loopback HTTP."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from support.push_service import base64url
from support.push_service.providers import MOZILLA
from support.push_service.service import PushService
from support.push_service.store import Message
from support.push_service.subscriber import Subscriber
from support.push_service.tls import LOOPBACK


class Control:
    """The HTTP side; `support.push_service.process.PushServiceProcess` is its client.

    POST /NAME with a JSON object of arguments answers the JSON value of the method.
    """

    def __init__(self, service: PushService) -> None:
        self._service = service
        self._methods: dict[str, Callable[..., Any]] = {
            "add_subscribers": self._add_subscribers,
            "accepted": self._accepted,
            "counts": self._counts,
            "refused": lambda: list(service.refused),
            "fault": self._fault,
            "clear_faults": service.clear_faults,
            "throttle": service.throttle,
            "speak": service.speak,
            "route": service.route,
            "expire": service.expire,
            "set_offline": service.set_offline,
            "reset": service.reset,
        }

    async def open(self) -> int:
        """Listen on a free loopback port and return it."""
        app = web.Application()
        app.router.add_post("/{name}", self._call)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, 0).start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        method = self._methods.get(request.match_info["name"])
        if method is None:
            return web.json_response(f"no method {request.match_info['name']!r}", status=404)
        arguments = await request.json()
        # In a thread, since the methods wait for the loop that this handler runs in.
        value = await asyncio.to_thread(method, **arguments)
        return web.json_response(value)

    def _add_subscribers(
        self, count: int, vapid_public_key: str | None = None, host: str = MOZILLA.hosts[0]
    ) -> list[dict[str, Any]]:
        return [
            subscriber.subscription() for subscriber in self._service.add_subscribers(count, vapid_public_key, host)
        ]

    def _accepted(self, since: int = 0) -> list[dict[str, Any]]:
        return [_told(message) for message in self._service.history[since:]]

    def _counts(self) -> dict[str, int]:
        service = self._service
        return {
            "accepted": len(service.history),
            "requests": len(service.requests),
            "in_flight": service.in_flight,
        }

    def _fault(self, **arguments: Any) -> None:
        self._service.fault(**arguments)


def _told(message: Message) -> dict[str, Any]:
    subscription = message.subscription
    known = isinstance(subscription, Subscriber)
    return {
        "id": message.id,
        "endpoint": subscription.endpoint,
        "accepted_at": message.accepted_at,
        "ttl": message.ttl,
        "topic": message.topic,
        "urgency": message.urgency,
        "plaintext": base64url.encode(message.plaintext) if known else None,
    }
