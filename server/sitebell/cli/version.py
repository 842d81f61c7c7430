"""Which Sitebell this is."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Return the version of the installed package; `unknown` for a checkout that was never installed."""
    try:
        return version("sitebell")
    except PackageNotFoundError:
        return "unknown"
