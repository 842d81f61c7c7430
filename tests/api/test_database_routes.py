"""The databases of a site, over HTTP."""

import pytest
from flask import Flask

from sitebell.services.databases import create_database, link_database
from support.back_end import BackEnd
from support.web_application import parts, refusal

pytestmark = pytest.mark.shared_app


def test_a_site_sees_the_databases_that_it_is_linked_to_and_no_other(
    app: Flask, office: BackEnd, other_office: BackEnd
) -> None:
    with parts(app).store.writing() as session:
        second = create_database(session, name="Second", now=parts(app).clock())
        link_database(session, office.site.site, second)

    found = office.ask("GET", "/v1/databases")["databases"]

    assert [row["id"] for row in found] == [office.site.database_id, second.id]
    assert [row["name"] for row in found] == ["Example", "Second"]
    assert [row["id"] for row in other_office.ask("GET", "/v1/databases")["databases"]] == [
        other_office.site.database_id
    ]


@pytest.mark.parametrize("unknown", ["0", "-1", "x", "1.0", "99999999999", "2147483647", "%00", "1%20"])
def test_what_is_no_database_is_not_found(office: BackEnd, unknown: str) -> None:
    assert refusal(office.call("GET", f"/v1/databases/{unknown}/fields")) == (404, "database_not_found")
