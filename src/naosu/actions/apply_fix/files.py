"""Files of a source tree, changed whole or not at all."""

import hashlib
import os
import stat
from pathlib import Path, PurePosixPath

import msgspec

from naosu.actions.apply_fix.errors import PlanRefusedError

SECRET_MODE = 0o600
NEW_MODE = 0o644
_NS_PER_S = 1_000_000_000


class FileState(msgspec.Struct, frozen=True, kw_only=True):
    """What can be told of one file.

    Attributes:
        sha256: Empty: it does not exist.
        mode: Permission bits.
    """

    sha256: str = ""
    mode: int = 0
    uid: int = 0
    gid: int = 0


def place_of(source: Path, path: str) -> Path:
    """Return where a plan's file lies.

    Raises:
        PlanRefusedError: Outside the tree, in a git folder, behind a link, or no plain file.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or "\0" in path or ".." in parts:
        raise PlanRefusedError(f"{path!r} is outside the source tree")
    if any(part.lower().rstrip(". ") == ".git" for part in parts):
        raise PlanRefusedError(f"{path!r} is git's own")
    place = source.resolve()
    for part in parts:
        place = place / part
        if place.is_symlink():
            raise PlanRefusedError(f"{path!r} leads through a link, {place.name}")
    if place.exists() and not place.is_file():
        raise PlanRefusedError(f"{path!r} is no plain file")
    return place


def file_state(place: Path) -> FileState:
    """Return what a file is now."""
    try:
        status = place.stat(follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return FileState()
    if not stat.S_ISREG(status.st_mode):
        return FileState(sha256="no plain file", mode=stat.S_IMODE(status.st_mode))
    return FileState(
        sha256=hashlib.sha256(place.read_bytes()).hexdigest(),
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
    )


def write_whole(
    place: Path, content: bytes, *, mode: int, owner: tuple[int, int], mark: str, changed_at_ns: int | None = None
) -> None:
    """Replace a file atomically and durably; readers see the old or the new one, never half.

    Args:
        place: Where it is.
        content: All of it.
        mode: Permission bits.
        owner: Ids of user and group.
        mark: Names the temporary file beside it, so that one left by a crash is found.
        changed_at_ns: The file's time of change. None: now, but a whole second after the old one's at least, for Python
            takes compiled code of the same size and second for fresh.
    """
    temporary = temporary_of(place, mark)
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, SECRET_MODE)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        status = os.fstat(out.fileno())
        if owner != (status.st_uid, status.st_gid):
            os.fchown(out.fileno(), *owner)
        os.fchmod(out.fileno(), mode)
        out.flush()
        os.utime(out.fileno(), ns=(status.st_atime_ns, changed_at_ns or _after(place, status.st_mtime_ns)))
        os.fsync(out.fileno())
    temporary.replace(place)
    sync_folder(place.parent)


def temporary_of(place: Path, mark: str) -> Path:
    """Return the name under which a file is written before it takes its place."""
    return place.with_name(f".{mark}-{hashlib.sha256(place.name.encode()).hexdigest()[:8]}.tmp")


def sync_folder(folder: Path) -> None:
    """Make the folder's names durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(place: Path) -> None:
    """Remove a file, durably, if it is there."""
    if place.parent.is_dir():
        place.unlink(missing_ok=True)
        sync_folder(place.parent)


def _after(place: Path, now_ns: int) -> int:
    try:
        old_ns = place.stat(follow_symlinks=False).st_mtime_ns
    except FileNotFoundError:
        return now_ns
    return now_ns if now_ns // _NS_PER_S > old_ns // _NS_PER_S else old_ns + _NS_PER_S
