"""Whose word counts: tokens of the site's back end, its signing keys, and the links of its newsletters."""
