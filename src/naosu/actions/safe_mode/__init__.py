"""Leaving only part of an application working."""
