"""Packages that a library wants and that are not installed."""
