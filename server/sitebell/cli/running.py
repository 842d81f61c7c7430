"""`sitebell serve`, `worker` and `demo`: the commands that run until they are stopped."""

import click

from sitebell.cli.installation import open_installation, read_settings
from sitebell.config import Config, is_loopback
from sitebell.db import sqlite_file
from sitebell.errors import Invalid
from sitebell.logs import configure_logging
from sitebell.services.backup import check_database
from sitebell.services.vapid_keys import resolve_subject

in_demo = click.option("--demo", is_flag=True, hidden=True, help="Be a part of the demo.")


@click.command()
def serve() -> None:
    """Run the web server and its workers.

    One that dies is started again. Stops on Ctrl-C or SIGTERM.
    """
    _supervise(_ready(read_settings()))


@click.command()
def demo() -> None:
    """Try Sitebell on this machine, with a demo site.

    Prints the address to open in your browser, and the steps.
    """
    config = read_settings(demo=True)
    if not is_loopback(config.host):
        raise Invalid("invalid_settings", "The demo answers on this machine only: unset SITEBELL_HOST.")
    _ready(config)
    from sitebell.demo import steps  # noqa: PLC0415  (the web application: only who serves loads it)

    click.echo(steps(config))
    _supervise(config)


@click.command()
@click.option("--name", hidden=True, help="Given by `serve`, which ends the worker by closing its standard input.")
@in_demo
def worker(*, name: str | None, demo: bool) -> None:
    """Run one more worker, here or on another machine.

    On another machine it needs PostgreSQL, the same settings and the same master key. Stops on Ctrl-C or SIGTERM.
    """
    config = _ready(read_settings(demo=demo), is_first=name is None)
    from sitebell import worker as delivery  # noqa: PLC0415  (the engine is large: only who sends loads it)

    configure_logging()
    delivery.run(config, name)


@click.command(hidden=True)
@click.option("--descriptor", type=int, required=True, help="The listening socket, inherited from `serve`.")
@in_demo
def web(*, descriptor: int, demo: bool) -> None:
    """Answer HTTP on a socket that `serve` opened."""
    config = read_settings(demo=demo)
    from sitebell import serve as supervisor  # noqa: PLC0415  (the web application: only who serves loads it)

    configure_logging()
    supervisor.run_web(config, descriptor)


def _supervise(config: Config) -> None:
    from sitebell import serve as supervisor  # noqa: PLC0415  (the web application: only who serves loads it)

    configure_logging()
    supervisor.run(config)


def _ready(config: Config, *, is_first: bool = True) -> Config:
    """Find out now, and in a sentence, what would otherwise stop the first message.

    The database is read whole only by the first process of a start: a worker that is restarted must not wait for that.

    Raises:
        Invalid: push services would refuse the VAPID subject.
        MasterKeyError: the master key is lost or another one.
        BackupError: the database is damaged (REL-14).
    """
    resolve_subject(config.base_url, config.vapid_subject, allow_local=config.demo)
    with open_installation(config):
        file = sqlite_file(config.database_url)
        if file is not None and is_first:
            check_database(file, quick=True)
    return config
