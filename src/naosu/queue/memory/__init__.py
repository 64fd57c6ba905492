"""The inbox in memory, for tests and demos: the same promises, but for one process and not beyond its end."""

from naosu.queue.memory.inbox import MemoryInbox

__all__ = ["MemoryInbox"]
