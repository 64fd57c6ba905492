"""Pages for developers, shown to everybody."""
