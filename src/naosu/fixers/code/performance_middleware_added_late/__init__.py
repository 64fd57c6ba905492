"""Middleware that is added after the application has started."""
