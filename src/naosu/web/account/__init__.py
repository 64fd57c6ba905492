"""One's own account, and for admins all accounts and tokens."""
