"""Whether the inbox has room: on its disk, and within its own bound."""

import os
from pathlib import Path

from naosu.ports.inbox import InboxFullError
from naosu.queue.inbox import files
from naosu.queue.inbox.settings import InboxSettings


def check_room(root: Path, settings: InboxSettings) -> None:
    """Say whether reports would be accepted now. Raises InboxFullError (retryable): they are refused."""
    if root.is_dir():
        stored_bytes = sum(files.stored_bytes(stream) for stream in files.list_streams(root))
        refuse_when_full(root, stored_bytes=stored_bytes, content_bytes=0, settings=settings)


def refuse_when_full(path: Path, *, stored_bytes: int, content_bytes: int, settings: InboxSettings) -> None:
    """Raise InboxFullError (retryable) when so much more has no room."""
    if stored_bytes + content_bytes > settings.backlog_bytes_max:
        raise InboxFullError(
            f"The inbox holds {stored_bytes} bytes, of at most {settings.backlog_bytes_max}.",
            mend="The digester is behind or stopped: see `naosu doctor`.",
        )
    disk = os.statvfs(path)
    floor = min(settings.free_bytes_min, disk.f_blocks * disk.f_frsize // 8)
    if disk.f_bavail * disk.f_frsize < floor + content_bytes:
        raise InboxFullError("The disk of the inbox is full.", mend="Free disk space; ingest then goes on by itself.")
