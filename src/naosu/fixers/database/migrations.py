"""The application's own Alembic migrations: where a database stands among them, and what running them would do."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from naosu.domain.evidence import Crash
from naosu.domain.repair import FileEdit, Plan, Risk
from naosu.fixers.database.plans import schema_plan
from naosu.fixers.database.schema import declaring_modules
from naosu.fixers.database.scripts import bare
from naosu.ports.fixer import SourceTree, Workplace

_PROBE = (Path(__file__).parent / "probe_alembic.py").read_text(encoding="utf-8")


class Operation(msgspec.Struct, frozen=True):
    """One step of a migration. `refused`: why a person has to look at it; empty: it only adds."""

    kind: str
    table: str = ""
    column: str = ""
    refused: str = ""


class MigrationState(msgspec.Struct, frozen=True):
    """Where a database stands.

    Attributes:
        current, heads: Revisions of the database, and the newest ones of the tree.
        unknown: Revisions of the database that the tree does not have.
        pending: Those not yet run; `statements` run them, `undo` takes them back.
        error: Why it cannot be told. Empty: it can.
    """

    heads: tuple[str, ...] = ()
    current: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    error: str = ""

    @property
    def refused(self) -> tuple[str, ...]:
        """What the pending migrations do beside adding."""
        return tuple(one.refused for one in self.operations if one.refused)


class Revision(msgspec.Struct, frozen=True):
    """A new migration that says what was done, and the statements that mark it as run."""

    edits: tuple[FileEdit, ...]
    statements: tuple[str, ...]
    undo: tuple[str, ...]


def migrations_folder(source: SourceTree) -> str:
    """Return the folder with Alembic's ``env.py``. Empty: the application has none."""
    for path in source.paths():
        if path.rpartition("/")[2] == "env.py" and "alembic" in (source.text(path) or ""):
            return path.rpartition("/")[0]
    return ""


def ask_alembic(work: Workplace, do: str, url: str = "", **more: Any) -> Mapping[str, Any]:
    """Ask Alembic, in the application's own interpreter."""
    folder = migrations_folder(work.source)
    ini = next((path for path in work.source.paths(".ini") if path.endswith("alembic.ini")), "")
    environment = work.source.text(f"{folder}/env.py") or ""
    modules = declaring_modules(work.source) if "current_app" in environment else []
    argument = {"do": do, "url": url, "ini": ini, "location": folder, "environment": environment, "modules": modules}
    return work.ask(_PROBE, {**argument, **more}, timeout_s=40.0)


def state_of(work: Workplace, url: str) -> MigrationState | None:
    """Say where a database stands. None: the application has no Alembic migrations."""
    if not migrations_folder(work.source):
        return None
    return msgspec.convert(ask_alembic(work, "state", url), MigrationState)


def adds(state: MigrationState, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether the pending migrations make all these tables, or columns of them."""
    tables = {bare(one.table) for one in state.operations if one.kind == "CreateTableOp"}
    columns = {(bare(one.table), one.column) for one in state.operations if one.kind == "AddColumnOp"}
    return all(
        bare(table) in tables or (names and all((bare(table), name) in columns for name in names))
        for table, names in wanted.items()
    )


def migration_plans(
    work: Workplace, url: str, wanted: Mapping[str, tuple[str, ...]], crashes: Sequence[Crash]
) -> Iterator[Plan]:
    """Yield the plan that runs the pending migrations, where they make what is wanted and do nothing but add."""
    state = state_of(work, url)
    if state is None or not state.pending or state.refused or not adds(state, wanted):
        return
    pending = ", ".join(reversed(state.pending))
    yield schema_plan(
        url, state.statements, state.undo, crashes=crashes, tables=wanted, risk=Risk.LOW,
        summary=f"Run the pending migrations: {pending}",
        explanation="The tree holds migrations that were never run on this database. They only add. These are the"
        " statements as Alembic renders them, with the mark that they were run.",
    )  # fmt: skip


def refused_migrations(state: MigrationState | None, wanted: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return why pending migrations that would help cannot run by themselves."""
    if state is None or not state.pending or not adds(state, wanted):
        return ()
    return tuple(f"the pending migrations do more than add: {reason}" for reason in state.refused)


def new_revision(work: Workplace, statements: Sequence[str], undo: Sequence[str], message: str) -> Revision | None:
    """Return a migration for what a plan does. None: the application has no migrations, or several heads."""
    if not migrations_folder(work.source):
        return None
    answer = ask_alembic(work, "revise", up=list(statements), down=list(undo), message=message)
    if "error" in answer or not answer.get("head"):
        return None
    edit = FileEdit(path=str(answer["path"]), before=None, after=str(answer["text"]))
    set_to = "UPDATE alembic_version SET version_num = '{}' WHERE version_num = '{}'"
    return Revision(
        edits=(edit,),
        statements=(set_to.format(answer["revision"], answer["head"]),),
        undo=(set_to.format(answer["head"], answer["revision"]),),
    )
