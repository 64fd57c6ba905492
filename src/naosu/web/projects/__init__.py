"""Projects, their keys and settings."""
