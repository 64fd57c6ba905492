"""What of this machine an application needs to see to run: its interpreter, and what that imports from."""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import msgspec

_PROBE = "import json, sys; print(json.dumps([sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path]))"
_OF_THE_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin")
_PUBLIC = 0o005


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell shows beside the copy and the system's own files.

    Attributes:
        readable: Folders outside of the source tree.
        environments: Virtual environments inside of it, which are not copied.
        is_public: All of it can be read by every user of this machine, so that the cell can have one of its own.
    """

    readable: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    is_public: bool = True


def view_of(python: Path, source: Path) -> View:
    """Return what this interpreter needs."""
    folders = {os.path.abspath(folder) for folder in (*_said(python), *_links(python)) if folder}
    outside = sorted(folder for folder in folders if _is_apart(folder, source))
    inside = sorted(folder for folder in folders if _is_environment(folder, source))
    shown = _outermost(outside), _outermost(inside)
    return View(
        readable=shown[0],
        environments=shown[1],
        is_public=all(os.stat(folder).st_mode & _PUBLIC == _PUBLIC for folder in (*shown[0], *shown[1])),
    )


def _said(python: Path) -> list[str]:
    try:
        done = subprocess.run(  # noqa: S603 -- the interpreter that is asked for its own folders
            [python, "-c", _PROBE], capture_output=True, timeout=20, check=True, cwd="/", env={"PATH": os.defpath}
        )
        said: list[str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return []
    return said


def _links(python: Path) -> Iterable[str]:
    """Yield the folders through which the interpreter's name leads to its file."""
    for _ in range(10):
        yield str(python.parent)
        if not python.is_symlink():
            return
        python = python.parent / python.readlink()


def _is_apart(folder: str, source: Path) -> bool:
    path = Path(folder)
    if not path.is_dir() or path.is_relative_to(source) or source.is_relative_to(path):
        return False
    return not any(path.is_relative_to(place) for place in _OF_THE_SYSTEM)


def _is_environment(folder: str, source: Path) -> bool:
    path = Path(folder)
    return path != source and path.is_relative_to(source) and (path / "pyvenv.cfg").exists()


def _outermost(folders: Iterable[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for folder in folders:
        if not any(Path(folder).is_relative_to(outer) for outer in kept):
            kept.append(folder)
    return tuple(kept)
