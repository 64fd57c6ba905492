"""Actions, one folder each: what a repair may do to the real world."""
