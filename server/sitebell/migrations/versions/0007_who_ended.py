"""Who ended an enrollment: a back end takes back its own word, and never its visitor's."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. Nobody wrote down who ended what is ended by now: that stays the visitor's."""
    column: sa.Column[bool] = sa.Column("ended_by_backend", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("enrollment", column)
