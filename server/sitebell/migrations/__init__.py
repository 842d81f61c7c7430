"""The history of the tables, applied by `Store.upgrade()` when a command starts."""
