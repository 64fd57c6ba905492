"""Going back to what ran before the newest change."""
