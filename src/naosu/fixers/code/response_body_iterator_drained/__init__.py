"""Middleware that reads an answer's body to its end, and sends the answer without it."""
