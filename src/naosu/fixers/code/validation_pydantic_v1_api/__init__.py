"""Pydantic 1's ways that Pydantic 2 refuses."""
