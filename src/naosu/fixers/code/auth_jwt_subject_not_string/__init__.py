"""Subjects of tokens that are no strings."""
