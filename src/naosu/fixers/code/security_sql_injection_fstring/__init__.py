"""SQL into which values of requests are written as text."""
