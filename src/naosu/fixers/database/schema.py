"""What the application's models declare against what its databases hold, asked of the application itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from naosu.ports.fixer import SourceTree, Workplace

_PROBE = (Path(__file__).parent / "probe_schema.py").read_text(encoding="utf-8")
_PRESENT = (Path(__file__).parent / "probe_present.py").read_text(encoding="utf-8")
_DECLARES = (
    "__tablename__", "table=True", "declarative_base", "DeclarativeBase", "create_engine", "create_async_engine",
    "SQLAlchemy(", "Table(", ".Model)", "MetaData(",
)  # fmt: skip
_NOT_THE_APPLICATION = {"tests", "test", "migrations", "alembic", "versions", "scripts", "docs", "seed", "conftest"}


class Addition(msgspec.Struct, frozen=True):
    """A column that a model has and its table has not.

    Attributes:
        why_not: Why it cannot be added without a person. Empty: it can.
        note: What rows that exist will hold in it, where that is not its default.
    """

    column: str
    statements: tuple[str, ...]
    undo: tuple[str, ...]
    affinity: str
    nullable: bool
    why_not: str = ""
    note: str = ""


class LeftOver(msgspec.Struct, frozen=True):
    """A column that a table has and its model has not."""

    column: str
    affinity: str
    nullable: bool
    default: bool


class Held(msgspec.Struct, frozen=True):
    """What one database holds of one table of the models; `statements` would make it."""

    exists: bool
    is_view: bool = False
    statements: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    missing: tuple[Addition, ...] = ()
    left_over: tuple[LeftOver, ...] = ()


class ModelTable(msgspec.Struct, frozen=True, rename={"name": "class"}):
    """A table that the application declares.

    Attributes:
        module, name: The mapped class, where there is one.
        metadata: Tables with the same number are in one collection: one `create_all` makes them.
        databases: By URL.
    """

    table: str
    module: str
    name: str
    metadata: int
    columns: tuple[str, ...]
    info: dict[str, str]
    databases: dict[str, Held]


class Schema(msgspec.Struct, frozen=True):
    """All of it.

    Attributes:
        databases: What each holds, or ``{"error": …}``, by URL.
        problems: What could not be imported or compared, a line each.
    """

    databases: dict[str, dict[str, Any]] = {}
    tables: tuple[ModelTable, ...] = ()
    problems: tuple[str, ...] = ()


def declaring_modules(source: SourceTree) -> list[str]:
    """Return the dotted names of the files that declare models or make engines."""
    found = []
    for path in source.paths():
        if _NOT_THE_APPLICATION.intersection(path.removesuffix(".py").split("/")) or "test_" in path:
            continue
        text = source.text(path) or ""
        if any(needle in text for needle in _DECLARES):
            found.append(source.dotted(path))
    return found


def schema_of(work: Workplace) -> Schema:
    """Ask the application's own interpreter; an empty schema when it cannot tell."""
    modules = declaring_modules(work.source)
    if not modules:
        return Schema()
    answer = work.ask(_PROBE, {"modules": modules, "databases": list(work.databases)}, timeout_s=40.0)
    if "error" in answer:
        return Schema(problems=(str(answer["error"]),))
    return msgspec.convert(answer, Schema)


def presence_script(url: str, tables: Mapping[str, tuple[str, ...]]) -> str:
    """Return the program that proves that a database holds these tables with these columns."""
    return (
        f"CLAIM = { ({'url': url, 'tables': {name: list(columns) for name, columns in tables.items()}})!r}\n{_PRESENT}"
    )
