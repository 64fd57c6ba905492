"""A fixer, and the small applications that it is tested with."""
