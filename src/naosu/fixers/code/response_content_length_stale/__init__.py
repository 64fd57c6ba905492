"""Answers whose Content-Length is that of another body."""
