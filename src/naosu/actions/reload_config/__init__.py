"""Letting an application read its configuration again."""
