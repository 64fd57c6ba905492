"""The list of issues."""
