"""SQLite files of a scratch copy: what is in them, and statements run on them."""

import os
import sqlite3
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

_MAGIC = b"SQLite format 3\x00"
_BUSY_S = 2.0
_COUNT_S = 2.0
_FILES_MAX = 50


def run_statements(file: Path, statements: Sequence[str]) -> dict[str, Any]:
    """Run statements in one transaction; nothing of them stays when one fails."""
    file.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute("COMMIT")
    except (sqlite3.Error, sqlite3.Warning) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        connection.close()
    return {"error": ""}


def sqlite_files(folder: Path) -> list[Path]:
    """Return the SQLite databases below a folder, by their first bytes; sorted."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not Path(place, name, "pyvenv.cfg").exists())
        for name in sorted(names):
            path = Path(place, name)
            if not path.is_symlink() and _is_sqlite(path):
                found.append(path)
    return found[:_FILES_MAX]


def read_facts(folders: Iterable[Path]) -> dict[str, Any]:
    """Return ``schema`` (table → column → type) and ``row_counts`` (table → rows) over all SQLite files."""
    schema: dict[str, dict[str, str]] = {}
    counts: dict[str, int] = {}
    deadline = time.monotonic() + _COUNT_S
    for path in [file for folder in folders for file in sqlite_files(folder)]:
        try:
            _read_file(path, schema, counts, deadline)
        except sqlite3.Error:
            continue
    return {"schema": schema, "row_counts": counts}


def _read_file(path: Path, schema: dict[str, dict[str, str]], counts: dict[str, int], deadline: float) -> None:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_BUSY_S)
    connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    try:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name"
        ).fetchall()
        for (table,) in tables:
            quoted = '"' + table.replace('"', '""') + '"'
            name = table if table not in schema else f"{path.name}:{table}"
            schema[name] = {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({quoted})")}
            counts[name] = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0]  # noqa: S608 -- quoted
    finally:
        connection.close()


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False
