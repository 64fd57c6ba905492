"""The way back from what was added: only what the plan itself made is dropped, and only while it holds nothing."""

from collections.abc import Iterable

import msgspec

from naosu.actions.apply_fix.additions import Addition, Kind
from naosu.actions.apply_fix.databases import Ask, DatabaseState
from naosu.actions.apply_fix.marks import MARK_TABLES
from naosu.actions.apply_fix.sql_tokens import name_of


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """One database, on its way back.

    Attributes:
        ask: Runs a statement within the transaction, and returns its rows.
    """

    backend: str
    before: DatabaseState
    now: DatabaseState
    ask: Ask

    def is_new(self, kind: str, *parts: str) -> bool:
        """Say whether an object is there now, and was not before."""
        name = f"{kind} {'.'.join(parts)}"
        return _has(self.now, name, self.backend) and not _has(self.before, name, self.backend)

    def holds(self, statement: str) -> bool:
        """Say whether a statement returns any row."""
        return bool(self.ask(statement))


def undo_additions(additions: Iterable[Addition], ground: Ground) -> tuple[str, ...]:
    """Undo them, the last first, and return what has to stay."""
    undo = {Kind.TABLE: _table, Kind.INDEX: _index, Kind.COLUMN: _column, Kind.MARK: _mark}
    lines: list[str] = []
    for addition in reversed(tuple(additions)):
        if addition.kind in undo:
            lines += undo[addition.kind](addition, ground)
    return tuple(lines)


def _table(addition: Addition, ground: Ground) -> tuple[str, ...]:
    if not ground.is_new("table", _plain(addition.table, ground)):
        return ()
    if ground.backend == "postgresql":
        ground.ask(f"LOCK TABLE {addition.table} IN ACCESS EXCLUSIVE MODE")
    if ground.holds(f"SELECT 1 FROM {addition.table} LIMIT 1"):  # noqa: S608 - a name that was parsed
        return (f"table {addition.table} stays: rows were written to it",)
    ground.ask(f"DROP TABLE {addition.table}")
    return ()


def _index(addition: Addition, ground: Ground) -> tuple[str, ...]:
    table, name = _plain(addition.table, ground), _plain(addition.name, ground)
    if not ground.is_new("index", table, name):
        return ()
    schema, _, _ = addition.table.rpartition(".")
    if ground.backend in ("mysql", "mariadb"):
        ground.ask(f"DROP INDEX {addition.name} ON {addition.table}")
    else:
        ground.ask(f"DROP INDEX {f'{schema}.' if schema and '.' not in addition.name else ''}{addition.name}")
    return ()


def _column(addition: Addition, ground: Ground) -> tuple[str, ...]:
    table, name = addition.table, addition.name
    if not ground.is_new("column", _plain(table, ground), _plain(name, ground)):
        return ()
    if ground.backend == "postgresql":
        ground.ask(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    if ground.holds(_written(addition, ground)):
        return (f"column {table}.{name} stays: values were written to it",)
    ground.ask(f"ALTER TABLE {table} DROP COLUMN {name}")
    return ()


def _written(addition: Addition, ground: Ground) -> str:
    """Return a query that has rows when a column holds other values than it was made with."""
    table, name, default = addition.table, addition.name, addition.default
    if not default:
        return f"SELECT 1 FROM {table} WHERE {name} IS NOT NULL LIMIT 1"  # noqa: S608 - names that were parsed
    if "(" in default or default.upper().startswith("CURRENT"):
        return f"SELECT 1 FROM (SELECT DISTINCT {name} FROM {table}) AS held LIMIT 1 OFFSET 1"  # noqa: S608
    held = ground.now.objects.get(f"column {_plain(table, ground)}.{_plain(name, ground)}", "")
    if ground.backend == "postgresql" and held.startswith("JSON "):
        name, default = f"{name}::text", f"({default})::json::text"  # its `json` cannot be compared
    differs = {"sqlite": f"{name} IS NOT {default}", "postgresql": f"{name} IS DISTINCT FROM {default}"}
    where = differs.get(ground.backend, f"NOT ({name} <=> {default})")
    return f"SELECT 1 FROM {table} WHERE {where} LIMIT 1"  # noqa: S608


def _mark(addition: Addition, ground: Ground) -> tuple[str, ...]:
    table, columns = addition.table, MARK_TABLES[addition.table]
    if addition.row and ground.is_new("row", _row_name(table, addition.row)):
        where = " AND ".join(f"{name} = {value}" for name, value in zip(columns, addition.row, strict=True))
        ground.ask(f"DELETE FROM {table} WHERE {where}")  # noqa: S608 - literals that were parsed
    if addition.row_before:
        name = f"row {_row_name(table, addition.row_before)}"
        if name in ground.before.objects and name not in ground.now.objects:
            ground.ask(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(addition.row_before)})")  # noqa: S608
    return ()


def _row_name(table: str, row: tuple[str, ...]) -> str:
    return f"{table} ({', '.join(row)})"


def _plain(raw: str, ground: Ground) -> str:
    return ".".join(name_of(part, ground.backend) for part in raw.split("."))


def _has(state: DatabaseState, name: str, backend: str) -> bool:
    if backend == "postgresql":
        return name in state.objects
    return name.casefold() in {known.casefold() for known in state.objects}
