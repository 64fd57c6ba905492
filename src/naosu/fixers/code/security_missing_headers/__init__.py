"""Answers without the headers by which browsers protect their users."""
