"""Stage 1: bytes become reports. What is accepted, what is refused, and why; no I/O and no clock."""
