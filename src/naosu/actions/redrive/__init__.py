"""Giving dead letters another try."""
