"""Which Sitebell this is; packages, command line, backups and the SDK's scripts all take it from here."""

__version__ = "0.1.0"
