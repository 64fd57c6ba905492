"""Going over to a standby."""
