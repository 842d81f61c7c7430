"""An import costs the same for each row, however many subscriptions the site has: read from the query plan."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from sitebell.models import Enrollment, FieldType, FieldValue, Profile, ProfilePhone
from sitebell.push.endpoint import EndpointRules
from sitebell.services.fields.defining import fields_by_name
from sitebell.services.fields.values import to_rows
from sitebell.services.importing.chunks import Chunk
from sitebell.services.importing.files import SourceFile
from sitebell.services.importing.formats import Reading
from sitebell.services.importing.known import MOST_OWNERS
from sitebell.services.importing.report import Report
from sitebell.services.importing.seen import Seen
from sitebell.services.importing.source import read_rows
from sitebell.services.matching import MOST_NAMESAKES
from sitebell.services.subscriptions.pages import page_of_subscriptions
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, own_row, player
from support.people import add_fields
from support.query_plans import plan_of, watched

SEARCHED = re.compile(r"SEARCH .*address_hash=\?|Index Cond: .*address_hash = ANY")


def test_known_addresses_are_looked_up_by_an_index_over_their_hash(installation: Installation, tmp_path: Path) -> None:
    installation.add_devices(2000)
    vendor = OldVendor(installation.push, tmp_path)
    path = vendor.csv("p.csv", ONESIGNAL, [player(device) for device in vendor.add_subscribers(20)])
    reading = Reading(format="onesignal", rules=EndpointRules())
    with SourceFile(path) as file, Seen() as seen, installation.store.reading() as session:
        [rows] = read_rows(file, reading, seen)
        site, key = session.merge(installation.site), installation.vapid_public_key
        chunk = Chunk(session, installation.vault, site, key, installation.clock(), Report())
        with watched(installation.store.engine) as statements:
            chunk.examine(rows.items)
        explain = "EXPLAIN QUERY PLAN" if session.get_bind().dialect.name == "sqlite" else "EXPLAIN"
        lookups = [one for one in statements if "subscription.address_hash IN" in one[0]]
        plans = [session.connection().exec_driver_sql(f"{explain} {sql}", values).all() for sql, values in lookups]

    assert len(lookups) == 1
    assert any(SEARCHED.search(str(row)) for plan in plans for row in plan), plans


def test_a_value_that_many_people_have_is_looked_up_without_looking_at_them_all(
    installation: Installation, tmp_path: Path
) -> None:
    """However many they are: the oldest is found, and nobody else is locked. Rarer values are found beside it."""
    add_fields(installation, plan=FieldType.TEXT)
    add_people(installation, "plan", "gold", 5000, named=False)
    add_people(installation, "plan", "silver", 1, named=False)
    vendor = OldVendor(installation.push, tmp_path)
    devices = zip(vendor.add_subscribers(60), ("gold", "silver", "bronze") * 20, strict=True)
    rows = [own_row(device, plan=plan) for device, plan in devices]
    with watched(installation.store.engine) as statements:
        chunk_stored(installation, vendor, rows, {"plan": "plan"})
    with installation.store.reading() as session:
        ids = list(session.scalars(select(Enrollment.profile_id).order_by(Enrollment.subscription_id).limit(3)))

    assert ids == [1, 5001, 5002]
    locks = [values for sql, values in statements if "FROM profile" in sql and "ORDER BY profile.database_id" in sql]
    assert max(len(values) for values in locks) < 10


@pytest.mark.parametrize(
    ("kind", "count"),
    [("email", MOST_NAMESAKES), *((kind, MOST_OWNERS + 1) for kind in ("email", "phone", "plan"))],
)
def test_of_many_people_with_one_value_and_other_external_ids_the_oldest_are_looked_at(
    installation: Installation, tmp_path: Path, kind: str, count: int
) -> None:
    """Else a million of them are walked for each chunk. Who is nameless stands among those, or is not found."""
    value, rare = {"phone": ("+4930901820", "+4930901821")}.get(kind, ("a@example.com", "b@example.com"))
    add_fields(installation, plan=FieldType.TEXT)
    add_people(installation, kind, value, count, named=True)
    add_people(installation, kind, rare, MOST_NAMESAKES - 1, named=True)
    add_people(installation, kind, value, 1, named=False)
    add_people(installation, kind, rare, 1, named=False)
    vendor = OldVendor(installation.push, tmp_path)
    rows = [
        own_row(device, who=f"new {shared}", **{kind: shared})
        for device, shared in zip(vendor.add_subscribers(2), (value, rare), strict=True)
    ]

    report = chunk_stored(installation, vendor, rows, {"external_id": "who", kind: kind})

    with installation.store.reading() as session:
        query = select(Profile.external_id).join(Enrollment, Enrollment.profile_id == Profile.id)
        found = list(session.scalars(query.order_by(Enrollment.subscription_id)))
    assert (report.added, found) == (2, [f"new {value}", None])


def chunk_stored(
    installation: Installation, vendor: OldVendor, rows: list[dict[str, str]], match: Mapping[str, str]
) -> Report:
    """Import rows of somebody's own CSV as one chunk."""
    reading, report = Reading(format="csv", rules=EndpointRules(), match=match), Report()
    with (
        SourceFile(vendor.csv("own.csv", list(rows[0]), rows)) as file,
        Seen() as seen,
        installation.store.writing() as session,
    ):
        [found] = read_rows(file, reading, seen)
        site, key = session.merge(installation.site), installation.vapid_public_key
        assert Chunk(session, installation.vault, site, key, installation.clock(), report).store(found.items) == []
    return report


def add_people(installation: Installation, kind: str, value: str, count: int, *, named: bool) -> None:
    """Add people with one e-mail address, phone number or value, with external ids of their own or without."""
    with installation.store.writing() as session:
        now, start = installation.clock(), len(list(session.scalars(select(Profile.id))))
        database = {"database_id": installation.database_id}
        own = database | {"created_at": now, "updated_at": now, "email": value if kind == "email" else None}
        places = range(start, start + count)
        ids = [{"public_id": f"{at:024x}", "external_id": f"n{at}" if named else None} for at in places]
        session.execute(insert(Profile), [own | one for one in ids])
        made = session.scalars(select(Profile.id).order_by(Profile.id)).all()[start:]
        if kind == "phone":
            session.execute(insert(ProfilePhone), [database | {"profile_id": id_, "phone": value} for id_ in made])
        if kind == "plan":
            this = fields_by_name(session, installation.database_id)["plan"]
            session.execute(insert(FieldValue), [row for id_ in made for row in to_rows(id_, this, [value])])


def test_a_page_of_an_export_is_found_without_sorting_the_site(installation: Installation) -> None:
    """By the index, from the last id on: else each page of a large site costs as much as all before it."""
    installation.add_devices(3)
    query = page_of_subscriptions(installation.site, after=1, limit=2)
    with installation.store.reading() as session:
        with watched(installation.store.engine) as statements:
            assert [row.id for row in session.scalars(query)] == [2, 3]
        plan = "\n".join(plan_of(session, statements))

    assert len(re.findall(r"site_id ?=.+status.+id ?>", plan)) == 3, plan
