"""Answers made of values that JSON does not know."""
