"""Naosu watches backend APIs, and mends them."""

__version__ = "0.1.0"
