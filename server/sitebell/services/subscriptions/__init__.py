"""Browsers' subscriptions: how one begins, changes and ends, and a site's by the page."""
