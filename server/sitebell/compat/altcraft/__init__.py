"""Altcraft's REST calls: an app's push_subscribe, and what a back end says of profiles, subscriptions and events."""
