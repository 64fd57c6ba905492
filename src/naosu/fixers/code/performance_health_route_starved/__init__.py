"""Health routes that wait for a free thread."""
