"""Hands a site's subscriptions over to the next system, in lines that an import here takes, too."""
