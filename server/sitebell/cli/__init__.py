"""The command line, for the operator: everything that needs no browser and no HTTP."""

import click

from sitebell.cli.commands import Commands
from sitebell.version import __version__

EPILOG = "Settings are environment variables that begin with SITEBELL_; docs/operating.md lists them."


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Self-hosted web push for websites: your visitors, your server, your keys."""


def main() -> None:
    """Run the command that the process was started with, and exit."""
    cli(prog_name="sitebell")
