"""Fields that may be None and must be given."""
