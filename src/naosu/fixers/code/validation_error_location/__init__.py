"""Handlers that expect more of the place of an error than there is."""
