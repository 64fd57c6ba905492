"""The tables, and the statements on them, that SQLite and PostgreSQL share."""
