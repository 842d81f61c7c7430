"""Notifications that name their recipient."""
