"""Modules that import each other for what could wait."""
