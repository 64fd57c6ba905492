"""SQLite files that an application names by absolute path, outside of its source tree."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from naosu.scratch.copying import copy_file, is_sqlite, walk

_READ = frozenset({".py", ".env", ".ini", ".toml", ".yaml", ".yml", ".cfg", ".json", ".conf", ""})
_TEXT_BYTES_MAX = 500_000
_FILES_MAX = 10
_PATH = re.compile(rb"/(?:[\w.\-]+/)+[\w.\-]+")
_URL = re.compile(rb"sqlite(?:\+\w+)?:///(/[^\s\"'?#]+)")
_NEVER = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/proc", "/dev", "/sys", "/boot", "/run")


class OutsideFiles:
    """The SQLite files outside of a source tree that belong to its application.

    Attributes:
        files: Absolute; some may not exist yet, and will be made by the application.
    """

    def __init__(self, source: Path, databases: Sequence[str]) -> None:
        named = dict.fromkeys([*_given(databases), *_named(source)])
        self.files = [file for file in named if _is_outside(file, source)][:_FILES_MAX]

    def copy(self, folder: Path) -> list[tuple[str, str]]:
        """Copy all of them below a folder; returns each folder with the place that it stands for."""
        places = {file.parent: folder / str(number) for number, file in enumerate(self.files)}
        for file in self.files:
            place = places[file.parent]
            place.mkdir(parents=True, exist_ok=True)
            if file.exists():
                copy_file(file, place / file.name)
        return [(str(copied), str(parent)) for parent, copied in places.items()]


def _given(databases: Sequence[str]) -> Iterator[Path]:
    for url in databases:
        try:
            parsed = make_url(url)
        except ArgumentError:
            continue
        if parsed.get_backend_name() == "sqlite" and parsed.database and parsed.database.startswith("/"):
            yield Path(parsed.database)


def _named(source: Path) -> Iterator[Path]:
    for path in walk(source):
        if path.suffix not in _READ or not path.is_file() or path.stat().st_size > _TEXT_BYTES_MAX:
            continue
        text = path.read_bytes()
        yield from (Path(found.decode(errors="replace")) for found in _URL.findall(text))
        for found in _PATH.findall(text):
            file = Path(found.decode(errors="replace"))
            if file.suffix != ".py" and is_sqlite(file):
                yield file


def _is_outside(file: Path, source: Path) -> bool:
    parent = file.parent
    if file.is_relative_to(source) or source.is_relative_to(parent) or parent == Path("/"):
        return False
    return not any(file.is_relative_to(place) for place in _NEVER)
