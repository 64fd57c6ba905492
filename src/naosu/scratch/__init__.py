"""Scratch copies of an application, run cut off from all but themselves."""
