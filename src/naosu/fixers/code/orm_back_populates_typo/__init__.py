"""SQLAlchemy relationships whose two sides do not name each other."""
