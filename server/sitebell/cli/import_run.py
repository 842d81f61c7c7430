"""One run of `sitebell import`: chunk by chunk, each in a transaction of its own, with a checkpoint after it."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sitebell.cli.installation import OpenInstallation
from sitebell.cli.output import show_count
from sitebell.cli.progress import Meter
from sitebell.clock import utcnow
from sitebell.errors import Invalid
from sitebell.models import VapidKeyPair
from sitebell.push.endpoint import EndpointRules
from sitebell.push.vapid import VapidKey
from sitebell.services.audit import Action
from sitebell.services.importing.cells import cell_converter
from sitebell.services.importing.checkpoint import Checkpoint, alone, open_checkpoint
from sitebell.services.importing.chunks import Chunk
from sitebell.services.importing.columns import find_format
from sitebell.services.importing.files import SourceFile, digest
from sitebell.services.importing.formats import Reading
from sitebell.services.importing.keys import BroughtKey, bring_key, goes_on
from sitebell.services.importing.rejects import RejectedFile
from sitebell.services.importing.report import Report
from sitebell.services.importing.rows import Rejected
from sitebell.services.importing.seen import Seen
from sitebell.services.importing.source import Rows, read_rows
from sitebell.services.sites import get_site
from sitebell.services.vapid_keys import import_vapid_key, list_vapid_keys

ATTEMPTS = 5  # each fails only when a browser registers itself between our look and our write
WHICH_KEY = (
    "Say with which VAPID key these subscriptions were made: --vapid FILE brings it along, --vapid-key names one that"
    " the site has (`sitebell vapid list`)."
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says; `key` is the pair of --vapid, `key_name` the text of --vapid-key."""

    site: str
    file: Path
    format: str | None
    provider: str | None
    match: Mapping[str, str]
    worker: str | None
    key: VapidKey | None
    key_name: str | None
    rejected: Path | None
    keeps_ids: bool
    is_dry: bool
    restarts: bool

    @property
    def rejected_file(self) -> Path:
        """Where rejected rows are written: beside the file, unless told otherwise.

        Those of a dry run have a file of their own, so that an import does not take away what is being mended.
        """
        return self.rejected or self.file.with_name(
            self.file.name + (".dry-run.rejected" if self.is_dry else ".rejected")
        )

    @property
    def facts(self) -> tuple[object, ...]:
        """What makes two runs the same import, beside the file."""
        key = self.key.public_text if self.key else self.key_name
        how = (self.format, self.provider, dict(self.match), self.worker, self.keeps_ids, key)
        return (self.site, *how, str(self.rejected_file.resolve()))

    @property
    def claim(self) -> tuple[object, ...]:
        """What one run at a time may have: the file of rejected rows, so the checkpoint, too; or only that."""
        file = self.rejected_file
        is_shared = file.exists() and not file.is_file()  # such as /dev/null
        return (digest(self.file), self.is_dry, *self.facts) if is_shared else (str(file.resolve()),)


class ImportRun:
    """Imports a file, or says what that would do; `reached` is how far it has come for good."""

    def __init__(self, installation: OpenInstallation, options: Options) -> None:
        self._installation = installation
        self._options = options
        self._checkpoint = Checkpoint(Path())
        self._key = options.key.public_text if options.key else None
        self._brought = [options.key] if options.key else []
        self.reached = "line 0"

    def run(self) -> Report:
        """Work through the file and return the report of all of it, earlier runs included.

        Raises:
            Invalid: the file or the options cannot be used.
            Conflict: `import_running`, another process does the same.
        """
        options = self._options
        with alone(self._installation.config.data, *options.claim), SourceFile(options.file) as file, Seen() as seen:
            reading = self._reading(file)
            self._prepare(file)
            self._checkpoint = self._begin(file)
            columns = None if reading.format == "ndjson" else file.columns
            rejects = RejectedFile(options.rejected_file, columns, self._checkpoint.rejected)
            meter = Meter(options.file.stat().st_size)
            for rows in read_rows(file, reading, seen, after=self._checkpoint.number):
                self._work(rows, rejects)
                if not options.is_dry:
                    self.reached = f"{file.counts} {rows.last}"
                meter.show(file.position, f"{show_count(self._checkpoint.report.rows)} rows")
            meter.end()
            self._finish()
        return self._checkpoint.report

    def _reading(self, file: SourceFile) -> Reading:
        options = self._options
        format_ = find_format(file.columns, options.format, options.provider)
        if options.rejected_file.exists() and options.rejected_file.samefile(options.file):
            raise Invalid("invalid_file", "Rejected rows cannot be written into the file that is read: name another.")
        if options.keeps_ids and "profile_id" not in options.match and format_ != "ndjson":
            raise Invalid(
                "invalid_match", "Say in which column the ids are that are to be kept: --match profile_id=COLUMN."
            )
        if options.match and file.columns is None:
            raise Invalid(
                "invalid_match", "--match names columns of CSV: lines of JSON say whose they are in `profiles`."
            )
        missing = [column for column in options.match.values() if column not in (file.columns or ())]
        if missing:
            raise Invalid("invalid_match", f"The file has no column {missing[0]}: look at its first line.")
        with self._installation.store.reading() as session:
            convert = cell_converter(session, get_site(session, options.site), options.match)
        return Reading(
            format=format_,
            rules=EndpointRules(self._installation.config.push_hosts),
            provider=options.provider,
            match=options.match,
            worker=options.worker,
            keeps_ids=options.keeps_ids,
            convert=convert,
        )

    def _prepare(self, file: SourceFile) -> None:
        """Bring the key along, and see to it that there is one for the rows that name none."""
        options, columns = self._options, file.columns
        with self._writing() as session:
            site = get_site(session, options.site)
            if options.key_name is not None:
                self._key = _find_key(list_vapid_keys(session, site), options.key_name).public_key
            if options.key is not None and not options.is_dry:
                pair, _ = import_vapid_key(session, self._installation.vault, site, options.key, utcnow())
                self._installation.audit(session, Action.VAPID_KEY_IMPORTED, site=site, subject=f"vapid key {pair.id}")
        says_itself = columns is None or "vapid_public_key" in columns or options.provider is not None
        if self._key is None and not says_itself:
            raise Invalid("missing_vapid_key", WHICH_KEY)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """Open a transaction, which a dry run cannot write in."""
        store = self._installation.store
        with store.reading() if self._options.is_dry else store.writing() as session:
            yield session

    def _begin(self, file: SourceFile) -> Checkpoint:
        options = self._options
        found = open_checkpoint(self._installation.config.data, digest(options.file), *options.facts)
        if options.restarts or options.is_dry:
            found = Checkpoint(found.path)
        elif found.number:
            click.echo(f"An earlier run came to {file.counts} {found.number}: going on there.", err=True)
        self.reached = f"{file.counts} {found.number}"
        return found

    def _work(self, rows: Rows, rejects: RejectedFile) -> None:
        rejected, report = self._change(rows)
        for one in rows.rejected:
            report.note_rejected(one)
        for line, first in rows.repeated:
            report.note_repeated(line, first)
        report.rows += rows.count
        self._checkpoint.report = report
        rejects.write(sorted([*rows.rejected, *rejected], key=lambda one: one.record.number))
        if not self._options.is_dry:
            self._checkpoint.number, self._checkpoint.rejected = rows.last, rejects.written
            self._checkpoint.save()

    def _change(self, rows: Rows) -> tuple[list[Rejected], Report]:
        for attempt in range(1, ATTEMPTS + 1):
            report = copy.deepcopy(self._checkpoint.report)
            try:
                with self._writing() as session:
                    return self._import(session, rows, report), report
            except IntegrityError:
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    def _import(self, session: Session, rows: Rows, report: Report) -> list[Rejected]:
        vault, site = self._installation.vault, get_site(session, self._options.site)
        if self._options.is_dry:
            self._brought += [brought.key for brought in rows.keys]
            self._note_current(report, [one for one in rows.keys if goes_on(session, site, one)])
            chunk = Chunk(session, vault, site, self._key, utcnow(), report, self._brought)
            return chunk.examine(rows.items)
        self._note_current(report, [one for one in rows.keys if bring_key(session, vault, site, one, utcnow())])
        return Chunk(session, vault, site, self._key, utcnow(), report).store(rows.items)

    @staticmethod
    def _note_current(report: Report, keys: Sequence[BroughtKey]) -> None:
        for brought in keys:
            report.current_key = brought.key.public_text

    def _finish(self) -> None:
        if self._options.is_dry:
            return
        report = self._checkpoint.report
        with self._installation.store.writing() as session:
            site = get_site(session, self._options.site)
            subject = f"{report.added} of {report.rows} rows"
            self._installation.audit(session, Action.SUBSCRIPTIONS_IMPORTED, site=site, subject=subject)
        self._checkpoint.remove()


def _find_key(pairs: Sequence[VapidKeyPair], name: str) -> VapidKeyPair:
    for pair in pairs:
        if name.rstrip("=") in (pair.public_key, str(pair.id)):
            return pair
    raise Invalid("unknown_vapid_key", f"The site has no VAPID key {name}: see `sitebell vapid list`.")
