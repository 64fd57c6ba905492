"""Calls written for PyJWT 1."""
