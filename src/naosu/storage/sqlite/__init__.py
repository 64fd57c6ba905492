"""The default store: one SQLite file in the data directory."""

from naosu.storage.sqlite.store import open_sqlite_store

__all__ = ["open_sqlite_store"]
