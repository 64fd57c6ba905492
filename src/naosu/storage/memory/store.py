"""The memory store, put together."""

from naosu.storage.memory.accounts import MemoryAccounts
from naosu.storage.memory.digest import MemoryDigest
from naosu.storage.memory.events import MemoryEvents
from naosu.storage.memory.issues import MemoryIssues
from naosu.storage.memory.operations import MemoryOperations, MemoryReleases
from naosu.storage.memory.projects import MemoryProjects
from naosu.storage.memory.repairs import MemoryRepairs
from naosu.storage.memory.shelves import Shelves
from naosu.storage.memory.telemetry import MemoryTelemetry
from naosu.storage.sites import MergeSites, keep_newer


class MemoryStore(
    MemoryDigest,
    MemoryIssues,
    MemoryEvents,
    MemoryOperations,
    MemoryReleases,
    MemoryProjects,
    MemoryAccounts,
    MemoryTelemetry,
    MemoryRepairs,
):
    """A whole store that lives as long as its process."""

    def __init__(self, *, merge_sites: MergeSites = keep_newer) -> None:
        super().__init__(Shelves(merge_sites=merge_sites))

    def check(self) -> None:
        """Memory is always there."""

    def close(self) -> None:
        """Nothing is held."""
