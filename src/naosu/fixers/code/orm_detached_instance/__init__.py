"""Objects that are asked for a relation after their session is closed."""
