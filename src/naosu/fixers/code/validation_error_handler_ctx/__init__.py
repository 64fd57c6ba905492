"""Errors of validation that cannot be written as JSON."""
