"""What came in, what did not, and why."""
