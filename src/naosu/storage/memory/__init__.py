"""A store in this process's memory: for tests, demonstrations, and as the plain model of what a store does."""

from naosu.storage.memory.store import MemoryStore

__all__ = ["MemoryStore"]
