"""Keys that do not fit their algorithm."""
