"""Keys that an application signs with, and nobody has set."""
