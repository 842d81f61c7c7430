"""What tokens from before an erase or a logout are told by."""

import sqlalchemy as sa
from alembic import op

import sitebell.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "erased_name",
        sa.Column("name_mac", sa.LargeBinary(length=32), nullable=False),
        sa.Column("erased_at", sitebell.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name_mac", name=op.f("pk_erased_name")),
    )
    op.create_index(op.f("ix_erased_name_erased_at"), "erased_name", ["erased_at"])
    op.add_column("enrollment", sa.Column("token_issued_at", sitebell.db.UtcDateTime(timezone=True), nullable=True))
