"""Middleware that asks an answer of ``call_next`` for the body that it does not have."""
