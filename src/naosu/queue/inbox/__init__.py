"""The inbox in SQLite segment files: what an acknowledged report survives in until it is digested.

Every web process owns one stream directory and appends to its active segment; readers lease whole streams. A segment
is written once (its rows stay in the write-ahead log, which is never copied back), read once and unlinked once.
"""

from naosu.queue.inbox.depth import measure_depth
from naosu.queue.inbox.reader import SqliteInboxReader
from naosu.queue.inbox.room import check_room
from naosu.queue.inbox.settings import InboxSettings
from naosu.queue.inbox.writer import SqliteInboxWriter

__all__ = ["InboxSettings", "SqliteInboxReader", "SqliteInboxWriter", "check_room", "measure_depth"]
