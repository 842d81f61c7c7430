"""The demo as `sitebell demo` runs it: as an application for the rules, as processes for what a browser sees."""

import os
import shutil
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
def demo_config(tmp_path: Path, empty_installation: Path) -> Config:
    """The settings of a demo that was never started."""
    return demo_settings(empty_installation, tmp_path / "demo")


@pytest.fixture(scope="module")
def demo_clock() -> StoppedClock:
    """The time by which `demo_app` goes."""
    return StoppedClock()


@pytest.fixture(scope="module")
def demo_app(
    tmp_path_factory: pytest.TempPathFactory, empty_installation: Path, demo_clock: StoppedClock
) -> Iterator[Flask]:
    """The web application of `sitebell demo`; the tests of a module share it."""
    settings = demo_settings(empty_installation, tmp_path_factory.mktemp("demo") / "data")
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


def demo_settings(installation: Path, folder: Path) -> Config:
    """Return the settings of a demo on a copy of an installation."""
    return settings_in(shutil.copytree(installation, folder), port=PORT, base_url=OWN_PAGE, demo=True)
