"""Errors that browsers may not read, because they are answered outside the CORS middleware."""
