"""Writes many profiles in one request: rows stream in, results stream out, few rows to a transaction."""

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, BinaryIO, cast

import marshmallow
from flask import Response, request, stream_with_context
from marshmallow import fields
from marshmallow.validate import OneOf
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from sitebell.api.linked import linked_database
from sitebell.api.profile_schemas import EXAMPLE_ROW, ProfileRowBody, read_row
from sitebell.errors import Invalid, SitebellError
from sitebell.models import Database
from sitebell.services.locks import is_deadlock
from sitebell.services.matching import Match
from sitebell.services.profiles import ProfileChanges, lock_upserts, upsert_profile
from sitebell.web.admission import NDJSON, read_body
from sitebell.web.api_keys import SECURITY, needs
from sitebell.web.context import now, store
from sitebell.web.errors import explain
from sitebell.web.failures import API_KEY, BODY
from sitebell.web.json_body import read_json
from sitebell.web.routes import Routes, complain
from sitebell.web.schemas import Answer

ATTEMPTS = 5  # of one transaction
ROWS_PER_COMMIT = 5  # on SQLite a page's call waits for one such transaction
LONGEST_ROW = 64 * 1024
STATUSES = ("created", "updated", "error", "aborted")
ROWS = {
    "description": "A list of rows, or one a line: {match, external_id, email, phones, fields, tags: {add, remove}}.",
    "required": True,
    "content": {
        "application/json": {"schema": {"type": "array"}, "examples": {"example": {"value": [EXAMPLE_ROW]}}},
        NDJSON: {"schema": {"type": "string"}, "examples": {"example": {"value": json.dumps(EXAMPLE_ROW)}}},
    },
}


class BulkResultAnswer(Answer):
    """What became of one row."""

    line = fields.Integer(required=True, metadata={"description": "The row's line, or place in the list, from 1."})
    status = fields.String(required=True, validate=OneOf(STATUSES))
    profile_id = fields.String()
    error = fields.String(metadata={"description": "Code of what is wrong with the row; nothing of it was written."})
    message = fields.String()
    details = fields.Raw()


class BulkAnswer(Answer):
    """What became of each row."""

    results = fields.List(fields.Nested(BulkResultAnswer), required=True)


@dataclass(frozen=True)
class Row:
    """One row: whom it means and what it writes, or what is wrong with it."""

    line: int
    content: tuple[Match, ProfileChanges] | SitebellError


bulk = Routes(
    "bulk",
    __name__,
    url_prefix="/v1/databases/<database_id>/profiles/bulk",
    description="Many profiles in one request, for a site's back end.",
)


@bulk.route("", methods=["POST"])
@bulk.doc(security=SECURITY, requestBody=ROWS)
@needs("manage")
@bulk.response(200, BulkAnswer)
@bulk.fails(*API_KEY, *BODY, "database_not_found")
def post_rows(database_id: str) -> dict[str, Any] | Response:
    """Make or change many profiles, each found by its row's `match`.

    Lines (NDJSON, at most 32 MiB) are answered by lines as they are worked off, a list by a list. A row that is wrong
    does not cost the others. After `aborted` nothing more was written: send that row and the later ones again.
    """
    with store().reading() as session:
        linked_database(session, database_id)
    if request.mimetype == NDJSON:
        stream = io.BufferedReader(cast("io.RawIOBase", request.stream), LONGEST_ROW)
        results = _work_off(database_id, _read_lines(stream))
        lines = (json.dumps(result, ensure_ascii=False) + "\n" for result in results)
        return Response(stream_with_context(lines), mimetype=NDJSON)
    if request.mimetype != "application/json":
        raise UnsupportedMediaType(f"Send rows as {NDJSON}, or a list of them as application/json.")
    values = read_json(read_body())
    if not isinstance(values, list):
        raise Invalid("invalid", "body: Send a list of rows.", {"body": "Not a list."})
    return {"results": list(_work_off(database_id, (_load(line, value) for line, value in enumerate(values, 1))))}


def _read_lines(stream: BinaryIO | io.BufferedReader) -> Iterator[Row]:
    """Yield a row for each line that is not blank; never more of the body than one row is held."""
    for line in count(1):
        data = stream.readline(LONGEST_ROW + 1)
        if not data:
            return
        if len(data) > LONGEST_ROW:
            while data and not data.endswith(b"\n"):
                data = stream.readline(LONGEST_ROW)
            yield Row(line, SitebellError("too_large", f"A row has at most {LONGEST_ROW} bytes.", 413))
        elif data.strip():
            try:
                yield _load(line, read_json(data))
            except SitebellError as error:
                yield Row(line, error)


def _load(line: int, value: Any) -> Row:
    try:
        return Row(line, read_row(_ROW.load(value)))
    except marshmallow.ValidationError as error:
        return Row(line, complain(error.messages))
    except SitebellError as error:
        return Row(line, error)


def _work_off(database_id: str, rows: Iterator[Row]) -> Iterator[dict[str, Any]]:
    """Yield the results of rows once they are committed; what stops all of it is the last result."""
    line = 0
    try:
        while chunk := list(islice(rows, ROWS_PER_COMMIT)):
            yield from _write(database_id, chunk)
            line = chunk[-1].line
    except Exception as error:  # noqa: BLE001  (the status is sent: whatever it is can only be told as a line)
        yield {"line": line + 1, "status": "aborted"} | _show(explain(error))


def _write(database_id: str, chunk: Sequence[Row]) -> list[dict[str, Any]]:
    """Write rows in one transaction; anew where it and others waited in a circle, who lock in another order."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _write_once(database_id, chunk)
        except OperationalError as error:
            if not is_deadlock(error):
                raise
    return _write_once(database_id, chunk)


def _write_once(database_id: str, chunk: Sequence[Row]) -> list[dict[str, Any]]:
    with store().writing() as session:
        database = linked_database(session, database_id)
        lock_upserts(session, database.id, [row.content for row in chunk if isinstance(row.content, tuple)])
        return [_upsert(session, database, row) for row in chunk]


def _upsert(session: Session, database: Database, row: Row) -> dict[str, Any]:
    try:
        if isinstance(row.content, SitebellError):
            raise row.content
        with session.begin_nested():
            profile, is_new = upsert_profile(session, database, *row.content, now())
    except SitebellError as error:
        return {"line": row.line, "status": "error"} | _show(error)
    return {"line": row.line, "status": "created" if is_new else "updated", "profile_id": profile.public_id}


def _show(error: SitebellError) -> dict[str, Any]:
    shown = {"error": error.code, "message": error.message}
    return shown if error.details is None else shown | {"details": error.details}


_ROW = ProfileRowBody()
