"""Tokens for an audience that the reader does not name."""
