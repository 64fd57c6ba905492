"""Repairs: what Naosu did, and what waits for a person."""
