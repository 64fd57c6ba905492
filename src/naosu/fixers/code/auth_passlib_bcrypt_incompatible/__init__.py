"""Password hashing by passlib with a bcrypt that it does not know."""
