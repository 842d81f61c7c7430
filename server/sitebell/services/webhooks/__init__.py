"""Tells a site's back end what happened at its browsers: signed, batched, retried (Standard Webhooks)."""
