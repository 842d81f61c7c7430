"""The demo as `sitebell demo` runs it: as an application for the rules, as processes for what a browser sees."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from demo.visitor import OWN_PAGE, PORT, Visitor
from install.serving import Serving
from sitebell.app import create_app
from sitebell.config import Config
from support.push_service import PushService
from support.stopped_clock import StoppedClock
from support.web_application import parts, settings_in


@pytest.fixture
def demo_config(tmp_path: Path) -> Config:
    """The settings of a demo that was never started."""
    return demo_settings(tmp_path / "demo")


@pytest.fixture(scope="module")
def demo_clock() -> StoppedClock:
    """The time by which `demo_app` goes."""
    return StoppedClock()


@pytest.fixture(scope="module")
def demo_app(tmp_path_factory: pytest.TempPathFactory, demo_clock: StoppedClock) -> Iterator[Flask]:
    """The web application of `sitebell demo`; the tests of a module share it."""
    settings = demo_settings(tmp_path_factory.mktemp("demo") / "data")
    app = create_app(settings, clock=demo_clock)
    yield app
    parts(app).store.close()


@pytest.fixture
def visitor(demo_app: Flask) -> Visitor:
    """The demo's own page in a browser on this machine."""
    return Visitor(demo_app.test_client())


@pytest.fixture(scope="module")
def running_demo(tmp_path_factory: pytest.TempPathFactory, module_push_service: PushService) -> Iterator[Serving]:
    """`sitebell demo` with its worker, led to the push service double."""
    scratch = tmp_path_factory.mktemp("running-demo")
    command = [sys.executable, "-m", "sitebell", "demo"]
    with Serving(command, scratch, scratch, {**os.environ, **module_push_service.settings()}) as serving:
        yield serving


def demo_settings(folder: Path) -> Config:
    """Return the settings of a demo whose first start is still to come."""
    return settings_in(folder, port=PORT, base_url=OWN_PAGE, demo=True)
