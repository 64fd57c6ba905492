"""Scratch copies of a source tree: all that the application may read, and nothing that only costs time to copy."""

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil

from naosu.scratch.errors import SourceUnusableError

LEFT_OUT = frozenset(
    {
        ".git", ".hg", ".svn", ".venv", "venv", ".env.d", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache",
        ".pytest_cache", ".tox", ".nox", ".cache", ".idea", ".vscode", ".hypothesis", ".coverage", "htmlcov",
    }
)  # fmt: skip
FILES_MAX = 50_000
TREE_BYTES_MAX = 2_000_000_000
FILE_BYTES_MAX = 1_000_000_000
PREFIX = "naosu-scratch-"
_LEFT_OVER_S = 3600
_SQLITE_MAGIC = b"SQLite format 3\x00"
_SQLITE_COMPANIONS = ("-wal", "-shm", "-journal")


def copy_tree(source: Path, target: Path) -> None:
    """Copy a source tree, without environments, caches and version control; SQLite files as one consistent state.

    Raises:
        SourceUnusableError: It is no folder, or larger than a scratch copy may be.
    """
    if not source.is_dir():
        raise SourceUnusableError(f"{source} is no folder")
    files = size = 0
    target.mkdir(parents=True, exist_ok=True)
    for path in walk(source):
        place = target / path.relative_to(source)
        if path.is_symlink():
            _copy_link(path, place, source)
            continue
        if path.is_dir():
            place.mkdir(exist_ok=True)
            continue
        files, size = files + 1, size + path.stat().st_size
        if files > FILES_MAX or size > TREE_BYTES_MAX:
            raise SourceUnusableError(f"{source} has more than {FILES_MAX} files or {TREE_BYTES_MAX:,} bytes")
        copy_file(path, place)


def copy_file(path: Path, place: Path) -> None:
    """Copy one file; a SQLite database by its backup interface, so that a writer does no harm."""
    if not is_sqlite(path):
        shutil.copy(path, place)
        return
    try:
        with (
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as old,
            closing(sqlite3.connect(place)) as new,
        ):
            old.backup(new)
    except sqlite3.Error:
        place.unlink(missing_ok=True)
        shutil.copy(path, place)  # damaged: as it is, for the application to stumble over as it does


def remove_left_over(folder: Path) -> None:
    """Remove what laboratories left that were killed: their folders are named by their processes.

    Those of the last hour stay: the process may be one that only another container sees.
    """
    for left in folder.glob(f"{PREFIX}*-*"):
        process = left.name.removeprefix(PREFIX).partition("-")[0]
        told = left.stat()
        is_old = time.time() - told.st_mtime > _LEFT_OVER_S
        if is_old and process.isdigit() and not psutil.pid_exists(int(process)) and told.st_uid == os.getuid():
            shutil.rmtree(left, ignore_errors=True)


def walk(source: Path) -> Iterator[Path]:
    """Yield what of a source tree belongs into a copy, folders before what is in them."""
    for folder, folders, names in os.walk(source):
        here = Path(folder)
        kept = [name for name in sorted(folders) if not _is_left_out(here / name)]
        folders[:] = [name for name in kept if not (here / name).is_symlink()]
        for name in kept:
            yield here / name
        for name in sorted(names):
            path = here / name
            if path.is_symlink() or (path.is_file() and not _belongs_to_sqlite(path)):
                yield path


def _is_left_out(folder: Path) -> bool:
    return folder.name in LEFT_OUT or (folder / "pyvenv.cfg").exists() or folder.name.endswith(".egg-info")


def _belongs_to_sqlite(path: Path) -> bool:
    for ending in _SQLITE_COMPANIONS:
        if path.name.endswith(ending):
            return is_sqlite(path.with_name(path.name.removesuffix(ending)))
    return path.stat().st_size > FILE_BYTES_MAX and not is_sqlite(path)


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as SQLite databases do."""
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError:
        return False


def _copy_link(path: Path, place: Path, source: Path) -> None:
    """Keep a link that stays inside the tree; resolve one that leaves it to a file; leave out the others."""
    goal = path.resolve()
    if goal.is_relative_to(source.resolve()):
        place.symlink_to(os.path.relpath(goal, path.parent.resolve()))
    elif goal.is_file() and goal.stat().st_size <= FILE_BYTES_MAX:
        copy_file(goal, place)
