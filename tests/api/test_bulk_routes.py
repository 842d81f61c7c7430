"""Many profiles in one request: each row by itself, in memory that does not grow with the body."""

import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from sitebell.api.bulk import LONGEST_ROW, ROWS_PER_COMMIT
from sitebell.services.databases import get_database, unlink_database
from support.back_end import BackEnd
from support.web_application import Json, parts, refusal, stored_rows

pytestmark = pytest.mark.shared_app

NDJSON = "application/x-ndjson"


def send_lines(office: BackEnd, *lines: str | bytes) -> list[Json]:
    """Send lines and return the results."""
    body = b"\n".join(line.encode() if isinstance(line, str) else line for line in lines)
    response = office.call("POST", f"{office.profiles}/bulk", data=body, content_type=NDJSON)
    assert (response.status_code, response.mimetype) == (200, NDJSON), response.text
    return [json.loads(line) for line in response.text.splitlines()]


def send_list(office: BackEnd, *rows: Any) -> list[Json]:
    """Send a list and return the results."""
    results: list[Json] = office.ask("POST", f"{office.profiles}/bulk", list(rows))["results"]
    return results


def row(external_id: str, **values: Any) -> Json:
    return {"match": {"external_id": external_id}, **values}


def test_rows_make_and_change_profiles(office: BackEnd) -> None:
    known = office.add_profile(external_id="ann", fields={"_fname": "Ann"}, tags=["old"])
    rows = [
        row("ann", email="ann@example.com", fields={"_city": "Berlin"}, tags={"add": ["vip"], "remove": ["old"]}),
        {"match": {"email": "ANN@example.com"}, "phones": {"add": ["+4930901820"]}},
        row("ben", fields={"_fname": "Ben"}),
        {"match": {"email": "ben@example.com"}, "external_id": "ben-2"},
    ]

    results = send_lines(office, *map(json.dumps, rows))

    assert [result["status"] for result in results] == ["updated", "updated", "created", "created"]
    assert [result["line"] for result in results] == [1, 2, 3, 4]
    assert [result["profile_id"] for result in results[:2]] == [known, known]
    ann = office.read_profile(known)
    assert (ann["email"], ann["phones"], ann["tags"]) == ("ann@example.com", ["+4930901820"], ["vip"])
    assert ann["fields"] == {"_fname": "Ann", "_city": "Berlin"}
    assert office.read_profile(results[2]["profile_id"])["external_id"] == "ben"
    assert office.read_profile(results[3]["profile_id"])["email"] == "ben@example.com"


def test_a_list_is_answered_by_a_list(office: BackEnd) -> None:
    results = send_list(office, row("ann"), 1, row("ann"))

    assert [(result["line"], result["status"]) for result in results] == [(1, "created"), (2, "error"), (3, "updated")]


@pytest.mark.parametrize(
    ("match", "values"),
    [
        ({"email": "new@example.com"}, {"email": "other@example.com"}),
        ({"phone": "+4930901820"}, {"phones": ["+4930901821"]}),
        ({"phone": "+4930901820"}, {"phones": {"delete": ["+4930901820"]}}),
        ({"external_id": "new"}, {"external_id": "other"}),
        ({"external_id": "new", "email": "new@example.com"}, {"external_id": None, "email": None}),
        ({"custom": {"field": "_city", "value": "Ulm"}}, {"fields": {"_city": "Berlin"}}),
    ],
)
def test_a_row_makes_nobody_whom_its_own_match_does_not_find_again(office: BackEnd, match: Json, values: Json) -> None:
    """Else each upload of the same row would make one more profile."""
    row = {"match": match, **values}

    assert [result.get("error") for result in send_list(office, row, row)] == ["contradictory_match"] * 2
    assert office.search() == []


def test_a_row_changes_what_its_match_found_somebody_by(office: BackEnd) -> None:
    ann = office.add_profile(email="ann@example.com", phones=["+4930901820"])
    moved = {"match": {"email": "ann@example.com"}, "email": "ann@example.org"}
    both = {"match": {"phone": "+4930901820"}, "phones": ["+4930901821", "+4930901820"]}

    assert [(result["status"], result["profile_id"]) for result in send_list(office, moved, both)] == [
        ("updated", ann),
        ("updated", ann),
    ]
    assert send_list(office, moved)[0]["error"] == "contradictory_match"


FAULTS = {
    "not_json": (b"{", "malformed"),
    "not_utf8": (b'{"match": {"external_id": "\xff"}}', "malformed"),
    "nul": (b'{"match": {"external_id": "\\u0000"}}', "malformed"),
    "not_an_object": (b"[]", "invalid"),
    "no_match": (b"{}", "invalid"),
    "empty_match": (b'{"match": {}}', "invalid"),
    "null_match": (b'{"match": {"email": null}}', "invalid"),
    "unknown_member": (b'{"match": {"external_id": "x"}, "field": {}}', "invalid"),
    "unknown_profile": (b'{"match": {"profile_id": "000000000000000000000000"}}', "profile_not_found"),
    "unknown_field": (b'{"match": {"external_id": "x"}, "fields": {"unheard": 1}}', "unknown_field"),
    "wrong_type": (b'{"match": {"external_id": "x"}, "fields": {"_fname": 1}}', "invalid_value"),
    "bad_email": (b'{"match": {"email": "x"}}', "invalid_email"),
    "bad_phone": (b'{"match": {"external_id": "x"}, "phones": ["1"]}', "invalid_phone"),
    "bad_tag": (b'{"match": {"external_id": "x"}, "tags": {"add": [" "]}}', "invalid_tag"),
    "taken_external_id": (b'{"match": {"email": "x@example.com"}, "external_id": "taken"}', "external_id_taken"),
    "too_long": (b'{"match": "' + b"x" * LONGEST_ROW + b'"}', "too_large"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_row_is_told_and_does_not_cost_the_others(office: BackEnd, fault: str) -> None:
    bad, code = FAULTS[fault]
    office.add_profile(external_id="taken")

    results = send_lines(office, json.dumps(row("before")), bad, "", json.dumps(row("after")), "")

    assert [(result["line"], result["status"]) for result in results] == [(1, "created"), (2, "error"), (4, "created")]
    assert results[1]["error"] == code
    assert len(results[1]["message"]) > 10
    assert len(office.search()) == 3


def test_every_row_gets_its_result_whatever_the_chunk(office: BackEnd) -> None:
    """One fault on each side of the border between two transactions."""
    rows = [row(f"person-{number}") for number in range(ROWS_PER_COMMIT * 2 + 1)]
    for place in (ROWS_PER_COMMIT - 1, ROWS_PER_COMMIT):
        rows[place] = {}

    results = send_list(office, *rows)

    assert [result["line"] for result in results] == list(range(1, len(rows) + 1))
    faulty = [result["line"] for result in results if result["status"] != "created"]
    assert faulty == [ROWS_PER_COMMIT, ROWS_PER_COMMIT + 1]


class Body(io.RawIOBase):
    """A body that is made while it is read, and knows how far."""

    def __init__(self, rows: int) -> None:
        self.line = (json.dumps({"match": {"email": "no address"}}) + " " * 2000 + "\n").encode()
        self.length = len(self.line) * rows
        self.taken = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, as the test client does to learn the length."""
        self.taken = offset + (self.length if whence == io.SEEK_END else 0)
        return self.taken

    def tell(self) -> int:
        """Return the place."""
        return self.taken

    def readinto(self, buffer: Any) -> int:
        """Give the next bytes."""
        size = min(len(buffer), self.length - self.taken)
        start = self.taken % len(self.line)
        data = (self.line * (size // len(self.line) + 2))[start : start + size]
        buffer[:size] = data
        self.taken += size
        return size


def test_rows_and_results_stream(office: BackEnd) -> None:
    """A result is there before much more than its own transaction's rows was read; so no part grows with the body."""
    body = Body(2000)
    response = office.call("POST", f"{office.profiles}/bulk", input_stream=body, content_type=NDJSON, buffered=False)
    results: Iterator[Any] = iter(response.response)
    window = (ROWS_PER_COMMIT + 1) * len(body.line) + LONGEST_ROW

    for number, result in enumerate(results, 1):
        assert json.loads(result)["line"] == number
        assert body.taken <= number * len(body.line) + window
    assert number == 2000


def test_what_stops_an_upload_is_its_last_line(app: Flask, office: BackEnd) -> None:
    """Whoever sends that row and the later ones again loses nothing and repeats nothing."""
    lines = "\n".join(json.dumps(row(f"person-{number}")) for number in range(ROWS_PER_COMMIT * 3))
    response = office.call("POST", f"{office.profiles}/bulk", data=lines, content_type=NDJSON, buffered=False)
    results: Iterator[Any] = iter(response.response)
    first = [json.loads(next(results)) for _ in range(ROWS_PER_COMMIT)]
    with parts(app).store.writing() as session:
        unlink_database(session, office.site.site, get_database(session, office.site.database_id))

    [last] = [json.loads(result) for result in results]

    assert {result["status"] for result in first} == {"created"}
    assert (last["line"], last["status"], last["error"]) == (ROWS_PER_COMMIT + 1, "aborted", "database_not_found")


@pytest.mark.parametrize(("content_type", "size"), [(NDJSON, 32 << 20), ("application/json", 1 << 20)])
def test_a_body_over_the_cap_is_refused(app: Flask, office: BackEnd, content_type: str, size: int) -> None:
    before = stored_rows(app)

    response = office.call("POST", f"{office.profiles}/bulk", content_length=size + 1, content_type=content_type)

    assert refusal(response) == (413, "too_large")
    assert stored_rows(app) == before


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_rows_of_another_kind_are_refused(office: BackEnd, content_type: str | None) -> None:
    response = office.call("POST", f"{office.profiles}/bulk", data=b"{}", content_type=content_type)

    assert refusal(response) == (415, "unsupported_media_type")


@pytest.mark.parametrize("body", [b"{}", b"1", b'"x"', b"null"])
def test_what_is_no_list_is_refused(office: BackEnd, body: bytes) -> None:
    response = office.call("POST", f"{office.profiles}/bulk", data=body, content_type="application/json")

    assert refusal(response) == (422, "invalid")


def test_parallel_uploads_of_the_same_people_make_each_once(app: Flask, office: BackEnd) -> None:
    """In opposite orders, which on PostgreSQL would end in a deadlock if each row took its lock for itself."""
    lines = [json.dumps(row(f"person-{number}", fields={"_city": "Berlin"})) for number in range(50)]
    statuses: list[str] = []

    def send(order: int) -> None:
        own = BackEnd(app.test_client(), office.site)
        statuses.extend(result["status"] for result in send_lines(own, *lines[::order]))

    threads = [threading.Thread(target=send, args=(order,)) for order in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == ["created"] * 50 + ["updated"] * 150
    assert len(office.search(limit=200)) == 50
