"""The short address of an event."""
