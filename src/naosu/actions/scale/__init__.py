"""Changing how many instances run."""
