"""Tables that are defined twice: by a module imported under two names, or by a copied name."""
