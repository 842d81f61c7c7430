"""Brings subscriptions along from another system, or from another Sitebell."""
