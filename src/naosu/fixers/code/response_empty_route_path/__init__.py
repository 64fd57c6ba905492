"""Routers without a prefix that hold a route without a path."""
