"""Stage 2: a report payload becomes a scrubbed event in our own shape. No I/O, no clock."""
