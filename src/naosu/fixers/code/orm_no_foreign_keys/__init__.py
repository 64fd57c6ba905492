"""Relationships between tables that no foreign key links."""
