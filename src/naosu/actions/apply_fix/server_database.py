"""A database on a server: changed in one transaction that does not wait long for a lock, and brought back."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import URL, Connection

from naosu.actions.apply_fix.additions import Addition, Kind
from naosu.actions.apply_fix.databases import (
    Ask,
    DatabaseState,
    home_url,
    server_objects,
    server_url,
    session,
)
from naosu.actions.apply_fix.errors import PlanVoidError
from naosu.actions.apply_fix.inverse import Ground, undo_additions
from naosu.actions.apply_fix.sql_tokens import name_of
from naosu.domain.repair import SqlChange

_ORPHAN_TRIES = 50
_ORPHAN_PAUSE_S = 0.1


def run(change: SqlChange, additions: Sequence[Addition], before: DatabaseState | None, mark: str) -> None:
    """Run the statements: all or none, but where the engine refuses them in a transaction.

    Raises:
        PlanVoidError: The schema is not any more what the plan was made for.
        DatabaseFailedError: The server cannot be reached, waited for a lock in vain, or refused a statement.
    """
    url = _address(change, additions)
    outside = change.outside_transaction or any(one.kind is Kind.DATABASE for one in additions)
    with session(url, autocommit=outside, name=mark) as connection:
        now = DatabaseState(exists=True, objects=server_objects(connection, additions))
        if before is not None and before.exists and _schema(before) != _schema(now):
            raise PlanVoidError(f"the schema of {url.database} changed since the plan was made")
        for one in additions:
            connection.exec_driver_sql(_plain_percent(one.statement))
        if not outside:
            connection.commit()


def undo(
    change: SqlChange, additions: Sequence[Addition], before: DatabaseState, now: DatabaseState
) -> tuple[str, ...]:
    """Bring the schema back by the inverse of each statement."""
    if not now.exists:
        return ()
    url = _address(change, additions)
    concurrent = [one for one in additions if one.concurrently]
    with session(url) as connection:
        ground = Ground(backend=connection.dialect.name, before=before, now=now, ask=_asker(connection))
        lines = undo_additions([one for one in additions if not one.concurrently], ground)
        connection.commit()
    with session(url, autocommit=True) as connection:
        ground = Ground(backend=connection.dialect.name, before=before, now=now, ask=_asker(connection))
        lines += undo_additions(concurrent, ground)
        for one in reversed(additions):
            if one.kind is Kind.DATABASE:
                lines += _drop_database(url, one, ground)
    return lines


def end_orphans(change: SqlChange, mark: str) -> None:
    """End what a process that died left running on the server, so that it cannot add anything later."""
    url = server_url(change.database)
    if url.get_backend_name() != "postgresql":
        return
    with session(home_url(url), autocommit=True) as connection:
        for _ in range(_ORPHAN_TRIES):
            ended = connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %(mark)s",
                {"mark": mark},
            )
            if not ended.fetchall():
                return
            time.sleep(_ORPHAN_PAUSE_S)


def _drop_database(url: URL, addition: Addition, ground: Ground) -> tuple[str, ...]:
    name = name_of(addition.name, ground.backend)
    if not ground.is_new("database", name):
        return ()
    with session(url.set(database=name)) as connection:
        if server_objects(connection, ()):
            return (f"database {name} stays: it holds tables",)
    ground.ask(f"DROP DATABASE {addition.name}")
    return ()


def _address(change: SqlChange, additions: Sequence[Addition]) -> URL:
    """Return where the statements run: a database that they make is made from another."""
    url = server_url(change.database)
    made = {name_of(one.name, url.get_backend_name()) for one in additions if one.kind is Kind.DATABASE}
    return home_url(url) if url.database in made else url


def _asker(connection: Connection) -> Ask:
    def ask(statement: str) -> list[tuple[Any, ...]]:
        result = connection.exec_driver_sql(_plain_percent(statement))
        return [tuple(row) for row in result] if result.returns_rows else []

    return ask


def _plain_percent(statement: str) -> str:
    """Return the statement as drivers want it that take a percent sign for a parameter."""
    return statement.replace("%", "%%")


def _schema(state: DatabaseState) -> dict[str, str]:
    return {name: text for name, text in state.objects.items() if not name.startswith("database ")}
