"""Where everything digested is kept: one port, in parts by who uses it."""

from typing import Protocol

from naosu.ports.store.digest import DigestStore
from naosu.ports.store.issues import IssueStore
from naosu.ports.store.operations import AccountStore, LedgerStore, ReleaseStore, RetentionStore
from naosu.ports.store.projects import ProjectStore
from naosu.ports.store.repairs import RepairStore
from naosu.ports.store.telemetry import TelemetryStore


class Store(
    DigestStore,
    IssueStore,
    LedgerStore,
    RetentionStore,
    ReleaseStore,
    AccountStore,
    ProjectStore,
    TelemetryStore,
    RepairStore,
    Protocol,
):
    """The whole store. Synchronous, and safe to use from several threads and processes at once."""

    def check(self) -> None:
        """Do a trivial read and write. Raises StoreUnavailableError."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...
