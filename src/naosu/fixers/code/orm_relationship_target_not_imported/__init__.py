"""Relationships to classes that nothing has imported, or that are spelt otherwise."""
