"""A vendor's key of a whole account opens each site that adopted it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. SQLite writes the table anew, which nothing refers to."""
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_constraint("uq_api_key_key_hash", type_="unique")
        batch_op.create_unique_constraint("uq_api_key_key_hash_site_id", ["key_hash", "site_id"])
