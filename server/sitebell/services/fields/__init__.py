"""The fields of a database: defined beforehand, checked by their types, and changed by operations."""
