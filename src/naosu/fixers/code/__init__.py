"""Fixers that change the application's code."""
