"""Fixers, one folder each: found by looking into the folders, never listed."""
