"""Since when a site is held to signed: what browsers said of themselves before counts no more."""

import sqlalchemy as sa
from alembic import op

import sitebell.db
from sitebell.clock import utcnow

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HELD = """
    UPDATE site SET strict_since = :now WHERE identity = 'signed' OR id IN (
        SELECT link.site_id FROM site_database AS link
        JOIN site_database AS other ON other.database_id = link.database_id
        JOIN site AS sibling ON sibling.id = other.site_id WHERE sibling.identity = 'signed'
    )
"""


def upgrade() -> None:
    """Go forward. Of sites that are strict by now the moment is not known: from here on it is certain."""
    moment = sitebell.db.UtcDateTime(timezone=True)
    op.add_column("site", sa.Column("strict_since", moment, nullable=True))
    op.get_bind().execute(sa.text(HELD).bindparams(sa.bindparam("now", utcnow(), moment)))
