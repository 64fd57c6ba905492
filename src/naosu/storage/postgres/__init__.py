"""The other store: PostgreSQL."""

from naosu.storage.postgres.store import open_postgres_store

__all__ = ["open_postgres_store"]
