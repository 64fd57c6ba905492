"""Errors of bad tokens that nobody handles."""
