"""A site that came from another vendor: its ids adopted, its dialect switched on, as `sitebell sites` would do both."""

import json
from pathlib import Path
from typing import Any

from flask import Flask

from sitebell.models import AliasKind, Dialect, Quirk
from sitebell.services.dialects import NewAlias, add_alias, set_dialects, set_quirks
from sitebell.services.keys import SCOPES, adopt_api_key
from sitebell.services.sites import NewSite, get_site
from support.web_application import parts

FIXTURES = Path(__file__).parents[1] / "compat" / "fixtures"


def read_fixture(name: str) -> Any:
    """Return a vendor's request and answer pairs, copied from what was collected of its documentation."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


def speak(app: Flask, site: NewSite, *dialects: Dialect) -> None:
    """Do what `sitebell sites set --dialect` does."""
    with parts(app).store.writing() as session:
        set_dialects(get_site(session, site.site.token), dialects)


def ask_for(app: Flask, site: NewSite, *quirks: Quirk) -> None:
    """Do what `sitebell sites set --quirk` does."""
    with parts(app).store.writing() as session:
        set_quirks(get_site(session, site.site.token), quirks)


def adopt(app: Flask, site: NewSite, dialect: Dialect, **ids: str) -> None:
    """Do what `sitebell sites alias` does, with `kind="id"` or `kind="id=name"` for each id; `api_key` is one, too."""
    with parts(app).store.writing() as session:
        row = get_site(session, site.site.token)
        key = ids.pop("api_key", None)
        if key is not None:
            adopt_api_key(session, row, key, name=f"adopted from {dialect}", scopes=SCOPES, now=parts(app).clock())
        for kind, pair in ids.items():
            foreign_id, _, target = pair.partition("=")
            add_alias(session, row, NewAlias(dialect, AliasKind(kind), foreign_id, target))
