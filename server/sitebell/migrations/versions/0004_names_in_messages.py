"""By what an erase, an export and a merge find the messages that name somebody."""

import sqlalchemy as sa
from alembic import op

from sitebell.migrations.naming import note_names_of_known_messages

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "message_name",
        sa.Column("name_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_message_name_message_id_message")),
        sa.PrimaryKeyConstraint("name_hash", "message_id", name=op.f("pk_message_name")),
    )
    op.create_table(
        "former_name",
        sa.Column("profile_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("is_id", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profile.id"], name=op.f("fk_former_name_profile_id_profile")),
        sa.PrimaryKeyConstraint("profile_id", "name_hash", name=op.f("pk_former_name")),
    )
    op.create_index("ix_former_name_name_hash", "former_name", ["name_hash"])
    note_names_of_known_messages(op.get_bind())
