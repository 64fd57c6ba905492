"""What everything that a plan touches is, by hash: before it, after it, and once it is undone."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from naosu.actions.apply_fix.databases import DatabaseState, database_state, shown_url
from naosu.actions.apply_fix.files import FileState, file_state
from naosu.actions.apply_fix.git import GitState, Repository
from naosu.actions.apply_fix.modes import Branch, Mode, PatchFile
from naosu.domain.repair import Plan, SqlChange


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The real world, as far as a plan may touch it.

    Attributes:
        files: By path in the source tree.
        git: None: the tree is in no repository.
        databases: By URL, without its password.
    """

    files: dict[str, FileState] = {}
    git: GitState | None = None
    databases: dict[str, DatabaseState] = {}

    def differences(self, now: "State") -> tuple[str, ...]:
        """Say, a line each, what is not any more as it is here."""
        return (
            *(line for path, was in self.files.items() for line in _file_lines(path, was, now.files.get(path))),
            *_git_lines(self.git, now.git),
            *(line for url, was in self.databases.items() for line in was.differences(now.databases[url], url)),
        )


def state_of(source: Path, plan: Plan) -> State:
    """Return what everything that the plan touches is now."""
    repository = Repository.find(source)
    return State(
        files={edit.path: file_state(source / edit.path) for edit in plan.edits},
        git=repository.state() if repository else None,
        databases={shown_url(change.database): database_state(change, source) for change in merged(plan.sql)},
    )


def touched(plan: Plan, mode: Mode) -> Plan:
    """Return the plan without what this way of putting it in force does not touch."""
    return msgspec.structs.replace(plan, sql=()) if isinstance(mode, Branch | PatchFile) else plan


def merged(changes: Iterable[SqlChange]) -> list[SqlChange]:
    """Return one change for each database, with all its statements."""
    by_database: dict[str, list[str]] = {}
    for change in changes:
        by_database.setdefault(change.database, []).extend(change.statements)
    return [SqlChange(database=database, statements=tuple(texts)) for database, texts in by_database.items()]


def _file_lines(path: str, was: FileState, now: FileState | None) -> tuple[str, ...]:
    if now is None or was == now:
        return ()
    if was.sha256 != now.sha256:
        return (f"{path}: {_content(was)} is {_content(now)}",)
    return (f"{path}: mode {was.mode:o} of {was.uid}:{was.gid} is {now.mode:o} of {now.uid}:{now.gid}",)


def _content(state: FileState) -> str:
    return f"sha256 {state.sha256[:12]}" if state.sha256 else "(no file)"


def _git_lines(was: GitState | None, now: GitState | None) -> tuple[str, ...]:
    if was is None or now is None or was == now:
        return ()
    return tuple(
        f"git: {name} {old or '(none)'} is {new or '(none)'}"
        for name, old, new in (
            ("HEAD", was.head, now.head),
            ("branch", was.branch, now.branch),
            ("index", was.index_sha256, now.index_sha256),
        )
        if old != new
    )
