"""Foreign keys to tables or columns that do not exist under that name."""
