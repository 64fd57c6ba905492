"""Adapters made from settings: which store, which inbox."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from naosu.ports.store import Store
from naosu.wiring.child import Orders
from naosu.wiring.settings import Settings
from naosu.wiring.system import SystemClock
from naosu.wiring.time_limit import TimeLimit

if TYPE_CHECKING:
    from naosu.pipeline.digest import Digester
    from naosu.pipeline.upkeep import Upkeep
    from naosu.queue.inbox import InboxSettings, SqliteInboxWriter

DATABASE_NAME = "naosu.db"


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """Open the store that the settings name, with its schema up to date, and close it in the end.

    Args:
        settings: With an absolute data folder.

    Raises:
        StoreUnavailableError: It cannot be reached or written to. Retryable.
    """
    store = _open(settings)
    try:
        yield store
    finally:
        store.close()


def _open(settings: Settings) -> Store:
    from naosu.group import merge_sites

    if settings.database:
        from naosu.storage.postgres import open_postgres_store

        return open_postgres_store(settings.database, merge_sites=merge_sites)
    from naosu.storage.sqlite import open_sqlite_store

    return open_sqlite_store(Path(settings.data) / DATABASE_NAME, merge_sites=merge_sites)


def inbox_dir(settings: Settings) -> Path:
    """Return where the inbox lies."""
    return Path(settings.data) / "inbox"


def inbox_settings(settings: Settings) -> "InboxSettings":
    """Return the inbox's settings."""
    from naosu.queue.inbox import InboxSettings

    return InboxSettings(
        backlog_bytes_max=settings.inbox.backlog_bytes_max, free_bytes_min=settings.inbox.free_bytes_min
    )


def open_inbox_writer(settings: Settings, name: str) -> "SqliteInboxWriter":
    """Return a writer to the inbox, under a name that tells processes apart."""
    from naosu.queue.inbox import SqliteInboxWriter

    return SqliteInboxWriter(inbox_dir(settings), name, inbox_settings(settings))


@contextmanager
def open_digester(orders: Orders) -> Iterator["Digester"]:
    """Make the digester of this process, and close what it holds in the end."""
    from naosu.pipeline.digest import Digester
    from naosu.queue.inbox import SqliteInboxReader
    from naosu_sdk.classify import Matcher

    settings = orders.settings
    with open_store(settings) as store:
        inbox = SqliteInboxReader(inbox_dir(settings), inbox_settings(settings))
        try:
            yield Digester(
                inbox=inbox,
                store=store,
                clock=SystemClock(),
                matcher=Matcher.load(cache=Path(settings.data) / "cache"),
                pseudonym_key=pseudonym_key(store),
                limits=settings.ingest,
                guard=TimeLimit(),
            )
        finally:
            inbox.close()


def pseudonym_key(store: Store) -> bytes:
    """Return the installation's own key, with which people whose address was scrubbed are still told apart."""
    return bytes.fromhex(store.set_value_if_absent("pseudonym_key", secrets.token_hex(32)))


@contextmanager
def open_upkeep(orders: Orders) -> Iterator["Upkeep"]:
    """Make what keeps the store small."""
    from naosu.pipeline.upkeep import Upkeep

    with open_store(orders.settings) as store:
        yield Upkeep(store, SystemClock())
