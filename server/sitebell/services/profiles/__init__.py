"""Profiles as a site's back end sees them: read, searched, written, merged."""

from sitebell.services.profiles.merging import merge_profiles
from sitebell.services.profiles.reading import (
    KnownProfile,
    count_profiles,
    get_profile,
    read_profile,
    read_profiles,
)
from sitebell.services.profiles.searching import LARGEST_PAGE, Page, Search, search_profiles
from sitebell.services.profiles.standing import set_status, strength
from sitebell.services.profiles.writing import (
    ProfileChanges,
    create_profile,
    lock_upserts,
    update_profile,
    upsert_profile,
)

__all__ = [
    "LARGEST_PAGE",
    "KnownProfile",
    "Page",
    "ProfileChanges",
    "Search",
    "count_profiles",
    "create_profile",
    "get_profile",
    "lock_upserts",
    "merge_profiles",
    "read_profile",
    "read_profiles",
    "search_profiles",
    "set_status",
    "strength",
    "update_profile",
    "upsert_profile",
]
