"""Mapped classes without a primary key."""
