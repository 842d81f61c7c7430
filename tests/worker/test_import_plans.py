"""An import costs the same for each row, however many subscriptions the site has: read from the query plan."""

import re
from pathlib import Path

from sqlalchemy import insert, select

from sitebell.models import Enrollment, FieldType, FieldValue, Profile
from sitebell.push.endpoint import EndpointRules
from sitebell.services.fields.defining import fields_by_name
from sitebell.services.fields.values import to_rows
from sitebell.services.importing.chunks import Chunk
from sitebell.services.importing.files import SourceFile
from sitebell.services.importing.formats import Reading
from sitebell.services.importing.report import Report
from sitebell.services.importing.seen import Seen
from sitebell.services.importing.source import read_rows
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, player
from support.people import add_fields
from support.query_plans import watched

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
    add_profiles(installation, 5000, "gold")
    add_profiles(installation, 1, "silver")
    vendor = OldVendor(installation.push, tmp_path)
    devices = zip(vendor.add_subscribers(60), ("gold", "silver", "bronze") * 20, strict=True)
    rows = [
        {"endpoint": device.endpoint, "p256dh": device.p256dh, "auth": device.auth, "plan": plan}
        for device, plan in devices
    ]
    path = vendor.csv("own.csv", ("endpoint", "p256dh", "auth", "plan"), rows)
    reading = Reading(format="csv", rules=EndpointRules(), match={"plan": "plan"})
    with SourceFile(path) as file, Seen() as seen, installation.store.writing() as session:
        [found] = read_rows(file, reading, seen)
        site, key = session.merge(installation.site), installation.vapid_public_key
        chunk = Chunk(session, installation.vault, site, key, installation.clock(), Report())
        with watched(installation.store.engine) as statements:
            assert chunk.store(found.items) == []
    with installation.store.reading() as session:
        ids = list(session.scalars(select(Enrollment.profile_id).order_by(Enrollment.subscription_id).limit(3)))

    assert ids == [1, 5001, 5002]
    locks = [values for sql, values in statements if "FROM profile" in sql and "ORDER BY profile.id" in sql]
    assert max(len(values) for values in locks) < 10


def add_profiles(installation: Installation, count: int, plan: str) -> None:
    """Add people with one value of the field `plan`, and nothing else."""
    with installation.store.writing() as session:
        now, start = installation.clock(), len(list(session.scalars(select(Profile.id))))
        this = fields_by_name(session, installation.database_id)["plan"]
        own = {"database_id": installation.database_id, "created_at": now, "updated_at": now}
        rows = [own | {"public_id": f"{start + number:024x}"} for number in range(count)]
        session.execute(insert(Profile), rows)
        made = session.scalars(select(Profile.id).order_by(Profile.id)).all()[start:]
        session.execute(insert(FieldValue), [row for id_ in made for row in to_rows(id_, this, [plan])])
