"""The push service double: a real server that browsers subscribe at and that application servers post to."""

from support.push_service.faults import Fault
from support.push_service.journal import Event, PushRequest
from support.push_service.process import PushServiceProcess
from support.push_service.service import PushService
from support.push_service.store import Message
from support.push_service.subscriber import DeviceKeys, Subscriber

__all__ = ["DeviceKeys", "Event", "Fault", "Message", "PushRequest", "PushService", "PushServiceProcess", "Subscriber"]
