"""Names and life of the files in a stream directory.

A segment ``00000007`` is ``.db`` (a page of schema) with ``.db-wal`` (the rows) and ``.db-shm`` (SQLite's index).
``.done`` beside it says that no row will follow. ``.sealing`` is the ``.db`` for the instant in which its writer closes
it, and ``.gone`` for the instant in which its reader removes it: whoever finds one after a crash finishes the step.
"""

import contextlib
import os
from pathlib import Path

SUFFIX = ".db"
SEALING = ".sealing"
GONE = ".gone"
DONE = ".done"
CORRUPT = ".corrupt"
WRITER_LOCK = "writer.lock"
READER_LOCK = "reader.lock"
CURSOR = "cursor"

FILE_MODE = 0o600
DIR_MODE = 0o700


def segment_path(stream: Path, number: int) -> Path:
    """Return where segment `number` of a stream lives."""
    return stream / f"{number:08d}{SUFFIX}"


def make_directory(path: Path) -> None:
    """Make a directory, and those above it, for the server's user only."""
    path.mkdir(mode=DIR_MODE, parents=True, exist_ok=True)
    os.chmod(path, DIR_MODE)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # or a power loss could take the directory with all that is safe in it
    finally:
        os.close(descriptor)


def list_streams(root: Path) -> list[Path]:
    """Return the stream directories, by name."""
    try:
        with os.scandir(root) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir())
    except FileNotFoundError:
        return []


def list_segments(stream: Path) -> list[int]:
    """Return the numbers of the readable segments, lowest first."""
    try:
        names = os.listdir(stream)
    except FileNotFoundError:
        return []
    return sorted(int(name[:-3]) for name in names if name.endswith(SUFFIX) and name[:-3].isdigit())


def last_number(stream: Path) -> int:
    """Return the highest segment number of which there is any trace, corrupt ones included. 0: none."""
    stems = (name.partition(".")[0] for name in os.listdir(stream))
    return max((int(stem) for stem in stems if stem.isdigit()), default=0)


def stored_bytes(stream: Path) -> int:
    """Return how many bytes the segments of a stream take; set-aside ones do not count."""
    total = 0
    with contextlib.suppress(FileNotFoundError), os.scandir(stream) as entries:
        for entry in entries:
            if entry.name.endswith((SUFFIX, SUFFIX + "-wal")):
                with contextlib.suppress(FileNotFoundError):  # removed by its reader meanwhile
                    total += entry.stat().st_size
    return total


def segment_bytes(stream: Path, number: int) -> int:
    """Return how many bytes of rows a segment has. 0: it is gone."""
    with contextlib.suppress(FileNotFoundError):
        return os.stat(f"{segment_path(stream, number)}-wal").st_size
    return 0


def is_done(stream: Path, number: int) -> bool:
    """Say whether the writer declared the segment complete."""
    return segment_path(stream, number).with_suffix(DONE).exists()


def done_row_count(stream: Path, number: int) -> int:
    """Return how many rows the writer says a complete segment has. 0: it did not say."""
    try:
        return int(segment_path(stream, number).with_suffix(DONE).read_bytes() or b"0")
    except (OSError, ValueError):
        return 0


def mark_done(database: Path, row_count: int) -> None:
    """Declare a segment complete. On a full disk nothing is marked; a later segment will say the same."""
    with contextlib.suppress(OSError):
        descriptor = os.open(database.with_suffix(DONE), os.O_CREAT | os.O_WRONLY, FILE_MODE)
        try:
            os.write(descriptor, b"%d" % row_count)
        finally:
            os.close(descriptor)


def remove_segment(database: Path) -> None:
    """Remove a segment for good; a crash in between leaves ``.gone``, which `finish_removals` takes up."""
    gone = database.with_suffix(GONE)
    with contextlib.suppress(FileNotFoundError):
        os.rename(database, gone)
    _remove_parts(gone)


def finish_removals(stream: Path) -> None:
    """Remove what a reader that died was removing."""
    for name in os.listdir(stream):
        if name.endswith(GONE):
            _remove_parts(stream / name)


def _remove_parts(gone: Path) -> None:
    for suffix in (SUFFIX + "-wal", SUFFIX + "-shm", DONE, GONE):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(gone.with_suffix(suffix))


def finish_sealings(stream: Path) -> None:
    """Give segments their names back whose writer died while it closed them. Only when the writer is gone."""
    for name in os.listdir(stream):
        if name.endswith(SEALING):
            os.rename(stream / name, (stream / name).with_suffix(SUFFIX))


def set_aside(database: Path) -> Path:
    """Rename a segment that cannot be read to ``.corrupt``, for a person to look at, and return that path."""
    aside = database.with_suffix(CORRUPT)
    wal = Path(f"{database}-wal")
    if wal.exists():
        os.rename(wal, f"{aside}-wal")
    with contextlib.suppress(FileNotFoundError):
        os.rename(database, aside)
    for path in (Path(f"{database}-shm"), database.with_suffix(DONE)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    return aside
