"""A small shop with real faults, and traffic for it: what `make run` shows."""
