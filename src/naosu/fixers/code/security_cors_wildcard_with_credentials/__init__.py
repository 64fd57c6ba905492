"""Cross-origin access with credentials for everybody."""
