"""Both adapters of the inbox port, behind one small shape."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from naosu.queue.inbox import InboxSettings, SqliteInboxReader, SqliteInboxWriter
from naosu.queue.memory import MemoryInbox

BACKLOG_BYTES_MAX = 1_000_000


class SqliteCase:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = InboxSettings(backlog_bytes_max=BACKLOG_BYTES_MAX, segment_age_max_s=0.0, lease_interval_s=0.0)
        self.writer = SqliteInboxWriter(root, "web-0", self.settings)
        self._readers: list[SqliteInboxReader] = []
        self.reader = self.new_reader()

    def new_reader(self) -> SqliteInboxReader:
        self._readers.append(SqliteInboxReader(self.root, self.settings))
        return self._readers[-1]

    def close(self) -> None:
        self.writer.close()
        for reader in self._readers:
            reader.close()


class MemoryCase:
    def __init__(self) -> None:
        self.writer = self.reader = MemoryInbox(backlog_bytes_max=BACKLOG_BYTES_MAX)

    def new_reader(self) -> MemoryInbox:
        return self.reader

    def close(self) -> None:
        self.writer.close()


@pytest.fixture(params=["sqlite", "memory"])
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    make: dict[str, Callable[[], Any]] = {"sqlite": lambda: SqliteCase(tmp_path / "inbox"), "memory": MemoryCase}
    case = make[request.param]()
    yield case
    case.close()
