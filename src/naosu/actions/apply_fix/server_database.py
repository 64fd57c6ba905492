"""A database on a server: changed in one transaction that does not wait long for a lock, and brought back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError

from naosu.actions.apply_fix.additions import Addition, Kind
from naosu.actions.apply_fix.databases import (
    Ask,
    DatabaseFailedError,
    DatabaseState,
    connect,
    home_url,
    server_objects,
    server_url,
)
from naosu.actions.apply_fix.errors import PlanVoidError
from naosu.actions.apply_fix.inverse import Ground, undo_additions
from naosu.actions.apply_fix.sql_tokens import name_of
from naosu.domain.repair import SqlChange

LOCK_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 60
INDEX_TIMEOUT_S = 600


def run(change: SqlChange, additions: Sequence[Addition], before: DatabaseState) -> None:
    """Run the statements: all or none, but where the engine refuses them in a transaction.

    Raises:
        PlanVoidError: The schema is not any more what the plan was made for.
        DatabaseFailedError: The server cannot be reached, waited for a lock in vain, or refused a statement.
    """
    url = _address(change, additions)
    outside = change.outside_transaction or any(one.kind is Kind.DATABASE for one in additions)
    with _session(url, autocommit=outside) as connection:
        now = DatabaseState(exists=True, objects=server_objects(connection, additions))
        if _schema(before) != _schema(now) and before.exists:
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
    with _session(url) as connection:
        ground = Ground(backend=connection.dialect.name, before=before, now=now, ask=_asker(connection))
        lines = undo_additions([one for one in additions if not one.concurrently], ground)
        connection.commit()
    with _session(url, autocommit=True) as connection:
        ground = Ground(backend=connection.dialect.name, before=before, now=now, ask=_asker(connection))
        lines += undo_additions(concurrent, ground)
        for one in reversed(additions):
            if one.kind is Kind.DATABASE:
                lines += _drop_database(url, one, ground)
    return lines


def _drop_database(url: URL, addition: Addition, ground: Ground) -> tuple[str, ...]:
    name = name_of(addition.name, ground.backend)
    if not ground.is_new("database", name):
        return ()
    with connect(url.set(database=name)) as connection:
        if server_objects(connection, ()):
            return (f"database {name} stays: it holds tables",)
    ground.ask(f"DROP DATABASE {addition.name}")
    return ()


def _address(change: SqlChange, additions: Sequence[Addition]) -> URL:
    """Return where the statements run: a database that they make is made from another."""
    url = server_url(change.database)
    made = {name_of(one.name, url.get_backend_name()) for one in additions if one.kind is Kind.DATABASE}
    return home_url(url) if url.database in made else url


@contextmanager
def _session(url: URL, *, autocommit: bool = False) -> Iterator[Connection]:
    connection = connect(url, autocommit=autocommit)
    try:
        for statement in _limits(url.get_backend_name(), STATEMENT_TIMEOUT_S if not autocommit else INDEX_TIMEOUT_S):
            connection.exec_driver_sql(statement)
        if not autocommit:
            connection.commit()
        yield connection
    except DBAPIError as error:
        text = str(error.orig or error).strip().splitlines()
        raise DatabaseFailedError(f"{url.database or url.host}: {text[0] if text else 'failed'}") from error
    finally:
        with suppress(DBAPIError):
            connection.close()


def _limits(backend: str, timeout_s: int) -> tuple[str, ...]:
    if backend == "postgresql":
        return (f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'", f"SET statement_timeout = '{timeout_s}s'")
    return (f"SET SESSION lock_wait_timeout = {LOCK_TIMEOUT_S}",)


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
