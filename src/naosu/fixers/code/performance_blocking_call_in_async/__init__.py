"""Calls that hold up the event loop."""
