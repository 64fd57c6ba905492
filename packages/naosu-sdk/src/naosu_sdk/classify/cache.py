"""Parsed packs kept as msgpack, because parsing their TOML is most of what a start would wait for.

A cache file is named by the content from which it was made and by this code's format, so it is never stale. It stands
in a folder that the caller names, or where Python puts its own: in `__pycache__` beside the data that came with this
library, written unless `PYTHONDONTWRITEBYTECODE` is set. Without a writable folder all works, slower.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

FORMAT = b"2"
"""To be raised when the cached structs, or what is computed into them, change."""

_PYTHONS_OWN = "__pycache__"

T = TypeVar("T")


def cached(
    name: str, contents: Iterable[tuple[str, bytes]], folder: Path | None, kind: type[T], make: Callable[[], T]
) -> T:
    """Give what `make` makes from files, from the cache when it was made before from the same contents.

    Args:
        name: Of what is made; tells cache files in one folder apart.
        contents: Name and bytes of each file it is made from.
        folder: Where cache files are. None: nothing is cached.
        kind: Type of what is made.
        make: Makes it.
    """
    if folder is None:
        return make()
    digest = hashlib.blake2b(FORMAT, digest_size=12)
    for source, content in contents:
        digest.update(f"{source}\0{len(content)}\0".encode())
        digest.update(content)
    file = folder / f"{name}.{digest.hexdigest()}.msgpack"
    with suppress(OSError, msgspec.MsgspecError):  # absent or damaged: made again
        return msgspec.msgpack.decode(file.read_bytes(), type=kind)
    made = make()
    if folder.name == _PYTHONS_OWN and sys.dont_write_bytecode:
        return made
    with suppress(OSError):  # a full disk or a folder of somebody else costs time, not the start
        _write(file, msgspec.msgpack.encode(made), name)
    return made


def _write(file: Path, content: bytes, name: str) -> None:
    """Write so that a reader sees all or nothing, and remove what was made from older contents."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    for old in file.parent.glob(f"{name}.{'?' * 24}.msgpack"):
        if old != file:
            old.unlink(missing_ok=True)


def own_cache(folder: Path) -> Path:
    """Give the cache folder beside data that came with this library: read always, written unless Python may not."""
    return folder / _PYTHONS_OWN
