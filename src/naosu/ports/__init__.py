"""What the inside needs from the outside: one Protocol per file."""
