"""Fixers of what is wrong around the application while it runs."""
