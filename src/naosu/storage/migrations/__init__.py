"""Schemas, from the first released one up to this version's."""

from naosu.storage.migrations.migrate import HEAD, migrate

__all__ = ["HEAD", "migrate"]
