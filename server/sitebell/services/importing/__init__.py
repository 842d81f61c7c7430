"""Brings subscriptions along from another system, or from another Sitebell, and hands them over to the next one."""
