"""Answers whose schema has no place for the null that the database holds."""
