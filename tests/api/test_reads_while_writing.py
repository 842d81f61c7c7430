"""While a write transaction is held open, every GET still answers (REL-12)."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from sitebell.models import Dialect
from sitebell.services.sites import NewSite
from support.dialects import speak
from support.web_application import parts

TOKEN = {"Authorization": "Bearer metrics-token-of-tests"}


# Handing out all that is known of a person leaves a trace in the audit log; a hub link reports.
WRITES = re.compile(r".*/export|/api/v1\.1/pushes/.*")
NEVER_THERE = ("/apiv1/triggers/", "/confirm/")  # triggers are not spoken; a link to confirm is made by a sync


def readable_paths(app: Flask, ids: dict[str, str]) -> list[str]:
    """Return one path for each GET route of the application."""
    rules = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    for name, value in ids.items():
        rules = [rule.replace(name, value) for rule in rules]
    by_user = f"?channelId={ids['<channel_id>']}&attributeId=user_id&attribute_value=ann"
    queries = {"/subscription": by_user} | {rule: "?external_id=ann" for rule in rules if rule.endswith("/profiles")}
    return [rule + queries.get(rule, "") for rule in rules]


@pytest.mark.usefixtures("living_worker")
def test_every_get_answers_while_a_write_transaction_is_held_open(
    app: Flask, client: FlaskClient, site: NewSite, ids: dict[str, str], message_id: str, back_end: dict[str, str]
) -> None:
    speak(app, site, *Dialect)
    paths = [p for p in readable_paths(app, ids) if not WRITES.fullmatch(p) and not p.startswith(NEVER_THERE)]
    assert {"/livez", "/readyz", "/metrics", "/docs", "/sdk/v1/worker.js", f"/v1/messages/{message_id}"} < set(paths)

    with parts(app).store.writing() as session:
        session.execute(text("UPDATE site SET name = 'being written'"))
        answers = {
            path: client.get(path, headers=TOKEN if path == "/metrics" else back_end).status_code for path in paths
        }

    assert answers == dict.fromkeys(paths, 200)


@pytest.mark.usefixtures("living_worker")
def test_a_new_process_answers_gets_at_once_too(app: Flask, site: NewSite) -> None:
    """Its first connection sets WAL and looks at the migrations, which must not wait for the writer either."""
    busy = parts(app).store.engine.pool
    with parts(app).store.writing() as session:
        session.execute(text("UPDATE site SET name = 'being written'"))
        parts(app).store.engine.dispose()  # every connection from here on is new
        statuses = [app.test_client().get(path).status_code for path in (f"/v1/sites/{site.site.token}", "/readyz")]
    busy.dispose()

    assert statuses == [200, 200]
