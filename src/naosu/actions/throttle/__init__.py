"""Holding back traffic."""
