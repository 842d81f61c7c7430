"""What the views work with: the open database, the vault, the settings and the clock of this application."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, cast

from flask import Flask, current_app

from sitebell.clock import Clock
from sitebell.db import Store
from sitebell.push.endpoint import EndpointRules
from sitebell.services.vault import Vault
from sitebell.services.visitors.places import Places

NAME = "sitebell"


class Settings(Protocol):
    """The settings that routes depend on."""

    @property
    def base_url(self) -> str:
        """The public address of this server, without a slash at its end."""

    @property
    def data(self) -> Path:
        """The folder of the database file and the master key."""

    @property
    def metrics_token(self) -> str | None:
        """The bearer token that opens /metrics."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts that one application shares between its requests."""

    store: Store
    vault: Vault
    config: Settings
    rules: EndpointRules
    places: Places
    clock: Clock


def install(app: Flask, context: Context) -> None:
    """Make the parts known to the views of an application."""
    app.extensions[NAME] = context


def store() -> Store:
    """Return the open database."""
    return _context().store


def vault() -> Vault:
    """Return what opens sealed secrets."""
    return _context().vault


def config() -> Settings:
    """Return the settings."""
    return _context().config


def rules() -> EndpointRules:
    """Return which push endpoints are allowed."""
    return _context().rules


def places() -> Places:
    """Return what knows where addresses are."""
    return _context().places


def now() -> datetime:
    """Return the present moment; a view asks once and hands it on."""
    return _context().clock()


def _context() -> Context:
    return cast("Context", current_app.extensions[NAME])
