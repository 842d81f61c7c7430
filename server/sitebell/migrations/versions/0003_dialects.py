"""Dialects of other vendors: what a site speaks, and the ids that it brought along."""

import sqlalchemy as sa
from alembic import op

import sitebell.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "alias",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dialect", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=14), nullable=False),
        sa.Column("foreign_id", sa.String(length=200), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_alias_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alias")),
        sa.UniqueConstraint(
            "site_id", "dialect", "kind", "foreign_id", name=op.f("uq_alias_site_id_dialect_kind_foreign_id")
        ),
    )
    with op.batch_alter_table("alias", schema=None) as batch_op:
        batch_op.create_index(
            "ix_alias_site",
            ["dialect", "kind", "foreign_id"],
            unique=True,
            sqlite_where=sa.text("kind IN ('resource_token', 'app_id', 'channel')"),
            postgresql_where=sa.text("kind IN ('resource_token', 'app_id', 'channel')"),
        )

    op.add_column("profile_tag", sa.Column("expires_at", sitebell.db.UtcDateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_profile_tag_expires_at",
        "profile_tag",
        ["expires_at"],
        sqlite_where=sa.text("expires_at IS NOT NULL"),
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )

    op.add_column("site", sa.Column("time_zone", sa.String(length=60), server_default="UTC", nullable=False))
    op.add_column("site", sa.Column("dialects", sa.String(length=60), server_default="", nullable=False))
    op.add_column("site", sa.Column("quirks", sa.String(length=200), server_default="", nullable=False))

    op.add_column("subscription", sa.Column("worker", sa.String(length=20), nullable=True))

    op.add_column("vapid_key", sa.Column("current_since", sitebell.db.UtcDateTime(timezone=True), nullable=True))
    op.execute("UPDATE vapid_key SET current_since = created_at")
