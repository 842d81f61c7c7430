"""How alembic runs here: on the connection that `Store.upgrade()` hands over, inside its transaction."""

from alembic import context

import sitebell.models  # noqa: F401  (fills the metadata)
from sitebell.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
