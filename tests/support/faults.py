"""Faults in the middle of a write, as each kind of database has them."""

from sqlalchemy import text

from sitebell.db import Store

SUBSCRIPTION_TRIGGER = """
    CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$;
    CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON subscription FOR EACH ROW EXECUTE FUNCTION fault()
"""


def break_a_rule(store: Store) -> None:
    """Let every change of a subscription violate a constraint: our own mistake, an answer of 500."""
    _execute(
        store,
        sqlite="CREATE TRIGGER fault BEFORE UPDATE ON subscription BEGIN SELECT RAISE(ABORT, 'no'); END",
        postgresql=SUBSCRIPTION_TRIGGER.format(code="23514"),
    )


def take_the_database_away(store: Store) -> None:
    """Let every change of a subscription fail for a reason that may pass, such as a full disk: 503."""
    _execute(
        store,
        sqlite="ALTER TABLE subscription RENAME TO elsewhere",
        postgresql=SUBSCRIPTION_TRIGGER.format(code="53100"),
    )


def _execute(store: Store, *, sqlite: str, postgresql: str) -> None:
    with store.writing() as session:
        session.execute(text(sqlite if store.engine.dialect.name == "sqlite" else postgresql))
