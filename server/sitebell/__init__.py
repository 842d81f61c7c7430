"""Sitebell: self-hosted web push for websites."""
