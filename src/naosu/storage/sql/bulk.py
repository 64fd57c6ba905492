"""Statements for many rows at once, below SQLAlchemy's cost per row.

SQLite prepares a statement once and steps it for each row; PostgreSQL gets one statement with an array for each column.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql

_POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]

Row = tuple[Any, ...]


def _quoted(name: str) -> str:
    # "first", "last", "key", "value" are words of SQL.
    return f'"{name}"'


def _array_type(column: Column[Any]) -> str:
    return f"{column.type.compile(dialect=_POSTGRES)}[]".lower().replace("serial", "int")


class BulkInsert:
    """Inserts rows; where the key is taken, it does what `on_conflict` says.

    Attributes:
        on_conflict: SQL after ``ON CONFLICT``; empty: a taken key is an error. ``old`` names the row that is there.
    """

    def __init__(self, table: Table, columns: Sequence[str], on_conflict: str = "") -> None:
        names = ", ".join(map(_quoted, columns))
        conflict = f" ON CONFLICT {on_conflict}" if on_conflict else ""
        types = [_array_type(table.c[name]) for name in columns]
        into = f"INSERT INTO {_quoted(table.name)} AS old ({names})"
        marks = ", ".join("?" for _ in columns)
        arrays = ", ".join(f"%s::{kind}" for kind in types)
        fields = ", ".join(f"json_extract(value, '$[{at}]')" for at in range(len(columns)))
        self._sqlite = f"{into} VALUES ({marks}){conflict}"
        self._postgres = f"{into} SELECT * FROM unnest({arrays}){conflict}"  # noqa: S608 -- our own names
        self._sqlite_json = f"{into} SELECT {fields} FROM json_each(?) WHERE true{conflict}"  # noqa: S608 -- our own names

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert the rows."""
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(self._sqlite, list(rows))
        else:
            connection.exec_driver_sql(self._postgres, _columns(rows))

    def run_returning(self, connection: Connection, rows: Sequence[Row], returning: str) -> list[Row]:
        """Insert rows of numbers and texts, and return `returning` of those that were inserted or changed."""
        if not rows:
            return []
        if connection.dialect.name == "sqlite":
            sql = self._sqlite_json
            parameters: tuple[Any, ...] = (_json(rows),)
        else:
            sql, parameters = self._postgres, _columns(rows)
        return [tuple(row) for row in connection.exec_driver_sql(f"{sql} RETURNING {returning}", parameters)]


class BulkUpdate:
    """Updates rows by their key: each row is the key's columns, then the changed ones'.

    Attributes:
        changes: SQL by column; the word ``new`` stands for the given value.
    """

    def __init__(self, table: Table, keys: Sequence[str], changes: dict[str, str]) -> None:
        columns = [*keys, *changes]
        name = _quoted(table.name)
        arrays = ", ".join(f"%s::{_array_type(table.c[column])}" for column in columns)
        given = ", ".join(map(_quoted, columns))
        numbered = {column: f"?{at}" for at, column in enumerate(columns, 1)}
        named = {column: f"given.{_quoted(column)}" for column in columns}
        old = re.compile(rf"\b({'|'.join(changes)})\b")

        def sets(marks: dict[str, str]) -> str:
            # Both the table and what is given have such a column: the old one is meant.
            return ", ".join(
                f"{_quoted(column)} = " + re.sub(r"\bnew\b", marks[column], old.sub(rf"{name}.\1", sql))
                for column, sql in changes.items()
            )

        def where(marks: dict[str, str]) -> str:
            return " AND ".join(f"{name}.{_quoted(key)} = {marks[key]}" for key in keys)

        self._sqlite = f"UPDATE {name} SET {sets(numbered)} WHERE {where(numbered)}"  # noqa: S608 -- our own names
        self._postgres = (
            f"UPDATE {name} SET {sets(named)} FROM unnest({arrays}) AS given({given}) "  # noqa: S608 -- our own names
            f"WHERE {where(named)}"
        )

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Update the rows."""
        if not rows:
            return
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(self._sqlite, list(rows))
        else:
            connection.exec_driver_sql(self._postgres, _columns(rows))


def _columns(rows: Sequence[Row]) -> tuple[list[Any], ...]:
    return tuple(map(list, zip(*rows, strict=True)))


def _json(rows: Sequence[Row]) -> str:
    return msgspec.json.encode(rows).decode()
