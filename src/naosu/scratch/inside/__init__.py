"""What runs inside a cell, beside the application: the standard library only, so that it starts at once."""
