"""`sitebell import` and `sitebell export`: subscriptions brought along from another system, and handed over to one."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any

import click

from sitebell.cli.import_run import ImportRun, Options
from sitebell.cli.import_words import print_report
from sitebell.cli.installation import open_installation
from sitebell.cli.output import json_option, print_json, show_count
from sitebell.cli.progress import INTERRUPTED
from sitebell.clock import utcnow
from sitebell.services.addresses import PROVIDERS
from sitebell.services.audit import Action
from sitebell.services.exporting.lines import write_line
from sitebell.services.exporting.subscriptions import hand_over, hand_over_keys
from sitebell.services.importing.private_files import open_private
from sitebell.services.importing.rows import VENDORS
from sitebell.services.sites import get_site
from sitebell.services.vapid_files import LARGEST_FILE, read_vapid_file

FORMATS = ("csv", "ndjson", "onesignal", "perfecty")
KEYS_WARNING = """\
WARNING: this file holds the private VAPID keys of the site. Whoever has it can send notifications in the site's name
to every browser in it. Keep it as you keep passwords, hand it over encrypted, and delete it afterwards."""


def _read_match(_context: click.Context, _option: click.Parameter, values: Sequence[str]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if not all(kind and column for kind, _, column in pairs):
        raise click.BadParameter("write FIELD=COLUMN, such as external_id=customer_no")
    return {kind: column for kind, _, column in pairs}


@click.command("import")
@click.argument("site")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", type=click.Choice(FORMATS), help="What FILE is, where it cannot be told.")
@click.option("--provider", type=click.Choice(PROVIDERS), help="FILE holds tokens of native apps, of this provider.")
@click.option(
    "--match",
    multiple=True,
    metavar="FIELD=COLUMN",
    callback=_read_match,
    help="The column that says whose a row is: FIELD is external_id, email, phone, profile_id or a field of yours. May"
    " be given for several of them.",
)
@click.option(
    "--keep-ids", "keeps_ids", is_flag=True, help="Make unknown profiles with the id that --match profile_id= names."
)
@click.option("--worker", type=click.Choice(VENDORS), help="Whose worker file the browsers still run.")
@click.option(
    "--vapid", type=click.File("rb", lazy=True), help="A file with the VAPID key that the subscriptions were made with."
)
@click.option(
    "--vapid-key", "key_name", help="That key, by its id or public half (`sitebell vapid list`), if the site has it."
)
@click.option(
    "--rejected",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where rejected rows are written; otherwise into FILE.rejected, or FILE.dry-run.rejected.",
)
@click.option("--dry-run", "is_dry", is_flag=True, help="Change nothing; print what would happen.")
@click.option(
    "--restart", "restarts", is_flag=True, help="Begin at the first row, although an earlier run was interrupted."
)
@json_option
def import_(*, vapid: IO[bytes] | None, as_json: bool, **given: Any) -> None:
    """Bring the subscriptions in FILE along for SITE, its token: CSV, JSON, OneSignal's export, Perfecty's table.

    FILE may be packed with gzip. Rows that cannot be imported are written into a file of their own. An interrupted
    import goes on where it stopped when the same command runs again. What is known here stays as it is. If every row
    is rejected, the exit status is 1.
    """
    if vapid is not None and given["key_name"] is not None:
        raise click.UsageError("Name one of --vapid and --vapid-key.")
    options = Options(key=None if vapid is None else read_vapid_file(vapid.read(LARGEST_FILE)), **given)
    with open_installation() as installation:
        run = ImportRun(installation, options)
        try:
            report = run.run()
        except KeyboardInterrupt:
            click.echo(f"\nInterrupted after {run.reached}: the same command goes on there.", err=True)
            raise SystemExit(INTERRUPTED) from None
    if as_json:
        print_json(report.as_json() | {"dry_run": options.is_dry, "first_message": list(report.first_messages())})
    else:
        print_report(report, options)
    if report.is_in_vain:
        sys.exit(1)


@click.command("export")
@click.argument("site")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--with-vapid", is_flag=True, help="With the private VAPID keys, without which nobody can send to them.")
def export(*, site: str, file: Path | None, with_vapid: bool) -> None:
    """Write every subscription of SITE, its token, to FILE as NDJSON, or print it: what `sitebell import` reads.

    Each line holds what its browser is reached with, so keep the file as you keep passwords.
    """
    if with_vapid:
        click.secho(KEYS_WARNING, err=True, bold=True)
    with open_installation() as installation:
        with installation.store.writing() as session:
            owner = get_site(session, site)
            action = Action.VAPID_KEYS_EXPORTED if with_vapid else Action.SUBSCRIPTIONS_EXPORTED
            installation.audit(session, action, site=owner, subject=f"site {owner.id}")
        with installation.store.reading() as session, _open(file) as target:
            owner = get_site(session, site)
            keys = hand_over_keys(session, installation.vault, owner) if with_vapid else iter(())
            _write(target, keys)
            count = _write(target, hand_over(session, owner, utcnow()))
    click.echo(f"Exported {show_count(count)} subscriptions.", err=True)


def _open(file: Path | None) -> AbstractContextManager[IO[str]]:
    """Open the file for its owner's eyes only (0600), or what is printed on."""
    if file is None or str(file) == "-":
        return nullcontext(sys.stdout)
    return os.fdopen(open_private(file), "w", encoding="utf-8")


def _write(file: IO[str], lines: Iterator[dict[str, Any]]) -> int:
    count = 0
    for count, values in enumerate(lines, 1):  # noqa: B007
        line = write_line(values)
        file.write(line.text)
        if line.lost_values or line.lost_profiles:
            left_out = f"{line.lost_values} values of fields and {line.lost_profiles} profiles are left out"
            click.echo(f"WARNING: {values['subscriber_hash']}: {left_out}: a line cannot hold more.", err=True)
    return count
