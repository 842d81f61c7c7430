"""An import costs the same for each row, however many subscriptions the site has: read from the query plan."""

import re
from pathlib import Path

from sitebell.push.endpoint import EndpointRules
from sitebell.services.importing.chunks import Chunk
from sitebell.services.importing.files import SourceFile
from sitebell.services.importing.formats import Reading
from sitebell.services.importing.report import Report
from sitebell.services.importing.seen import Seen
from sitebell.services.importing.source import read_rows
from support.installation import Installation
from support.old_vendor import ONESIGNAL, OldVendor, player
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
