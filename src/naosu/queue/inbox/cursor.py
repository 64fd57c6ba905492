"""How far a stream is digested: one small record, overwritten in place."""

import os
import zlib
from pathlib import Path

import msgspec

from naosu.queue.inbox.files import CURSOR, FILE_MODE

_RECORD_BYTES = 64


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """All of the segments before `segment`, and of it the rows up to `seq`, are digested.

    Attributes:
        token: Of the segment, so that a cursor is never applied to another segment of the same number.
    """

    segment: int
    token: int
    seq: int


class CursorFile:
    """The record on disk. Not synced: after a power loss an older one only means redelivery."""

    def __init__(self, stream: Path) -> None:
        self._descriptor = os.open(stream / CURSOR, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)

    def read(self) -> Cursor | None:
        """Return the cursor. None: there is none, or it is damaged."""
        return _decode(os.pread(self._descriptor, _RECORD_BYTES, 0))

    def write(self, cursor: Cursor) -> None:
        """Replace the record. It has a fixed length, so a full disk does not hinder it after the first time."""
        text = b"%d %d %d " % (cursor.segment, cursor.token, cursor.seq)
        record = text + b"%d" % zlib.crc32(text)
        os.pwrite(self._descriptor, record.ljust(_RECORD_BYTES), 0)

    def close(self) -> None:
        """Release the file."""
        os.close(self._descriptor)


def read_cursor(stream: Path) -> Cursor | None:
    """Return a stream's cursor without leasing the stream."""
    try:
        return _decode((stream / CURSOR).read_bytes())
    except OSError:
        return None


def _decode(record: bytes) -> Cursor | None:
    text, _, checksum = record.rstrip().rpartition(b" ")
    text += b" "
    if not checksum.isdigit() or int(checksum) != zlib.crc32(text):
        return None
    segment, token, seq = text.split()
    return Cursor(segment=int(segment), token=int(token), seq=int(seq))
