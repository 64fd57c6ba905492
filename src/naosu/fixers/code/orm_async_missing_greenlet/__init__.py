"""Relations that are loaded by surprise where only awaited calls may ask the database."""
