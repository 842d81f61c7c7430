"""The shop of examples/signed_identity, as its file makes it."""

import importlib.util
import sys
from pathlib import Path

from flask import Flask

EXAMPLE = Path(__file__).parents[2] / "examples" / "signed_identity"


def create_example(*, server: str, site: str, kid: str, secret: str) -> Flask:
    """Return the example's application; it names the same settings as its own `create_shop`."""
    spec = importlib.util.spec_from_file_location("signed_identity_example", EXAMPLE / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # by it Flask finds the templates
    try:
        spec.loader.exec_module(module)
        shop: Flask = module.create_shop(server=server, site=site, kid=kid, secret=secret)
    finally:
        del sys.modules[spec.name]
    return shop
