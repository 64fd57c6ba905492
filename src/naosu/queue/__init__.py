"""Adapters of the inbox port: the durable queue between the door and the digester."""
