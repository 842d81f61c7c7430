"""What workers do of their own accord, done now and to its end."""

from datetime import datetime

from flask import Flask

from sitebell.db import Store
from sitebell.services.delivery.planner import plan_batch
from sitebell.services.retention import prune_step
from support.web_application import parts


def plan(app: Flask) -> None:
    """Plan every message that is due."""
    with parts(app).store.writing() as session:
        while plan_batch(session, parts(app).clock()):
            pass


def prune(store: Store, now: datetime) -> int:
    """Run retention; return the steps that it took."""
    for step in range(1, 100):
        with store.writing() as session:
            if prune_step(session, now):
                return step
    raise AssertionError("retention did not come to an end")
