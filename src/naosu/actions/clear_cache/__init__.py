"""Removing keys of a cache."""
