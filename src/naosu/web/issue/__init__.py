"""The page of one issue."""
