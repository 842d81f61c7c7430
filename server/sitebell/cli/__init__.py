"""The command line, for the operator: everything that needs no browser and no HTTP."""

import click

from sitebell.cli.audit import audit
from sitebell.cli.backup import backup, restore
from sitebell.cli.databases import databases
from sitebell.cli.failures import SentenceGroup
from sitebell.cli.fields import fields
from sitebell.cli.identity import identity
from sitebell.cli.importing import export, import_
from sitebell.cli.keys import keys
from sitebell.cli.profiles import profiles
from sitebell.cli.running import demo, serve, web, worker
from sitebell.cli.send import send
from sitebell.cli.sites import sites
from sitebell.cli.topics import topics
from sitebell.cli.vapid import vapid
from sitebell.cli.webhooks import webhooks
from sitebell.version import __version__

EPILOG = "Settings are environment variables that begin with SITEBELL_; docs/operating.md lists them."

COMMANDS: tuple[click.Command, ...] = (
    serve,
    demo,
    worker,
    web,
    sites,
    databases,
    fields,
    profiles,
    keys,
    identity,
    vapid,
    topics,
    webhooks,
    import_,
    export,
    send,
    audit,
    backup,
    restore,
)


@click.group(cls=SentenceGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def cli() -> None:
    """Self-hosted web push for websites: your visitors, your server, your keys."""


for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command that the process was started with, and exit."""
    cli(prog_name="sitebell")
