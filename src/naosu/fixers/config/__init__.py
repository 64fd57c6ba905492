"""Fixers that write settings."""
