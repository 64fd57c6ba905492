"""Request bodies that are read twice, once as a stream."""
