"""A plan put in force, and undone again."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from naosu.actions.apply_fix.commits import do_commit, undo_commit
from naosu.actions.apply_fix.errors import PlanFailedError
from naosu.actions.apply_fix.file_steps import do_file, undo_file
from naosu.actions.apply_fix.git import Repository
from naosu.actions.apply_fix.journal import Intent, Journal
from naosu.actions.apply_fix.modes import Mode
from naosu.actions.apply_fix.prepare import Contents, prepare
from naosu.actions.apply_fix.sql_steps import do_sql, undo_sql
from naosu.actions.apply_fix.state import State, state_of, touched
from naosu.domain.errors import NaosuError
from naosu.domain.repair import Plan

Do = Callable[[], None]
Undo = Callable[[], tuple[str, ...]]


class RolledBack(msgspec.Struct, frozen=True, kw_only=True):
    """What undoing a plan came to.

    Attributes:
        left: What is not as it was before, a line each. Empty: everything is, by its hash.
        now: The proof, to be compared with `before`. None: it could not be looked at, and `left` says why.
    """

    before: State
    now: State | None
    left: tuple[str, ...] = ()


class Applied:
    """A plan in force. It holds its journal until it is kept or rolled back."""

    def __init__(self, journal: Journal, intent: Intent, after: State) -> None:
        self._journal = journal
        self._intent = intent
        self.after = after

    @property
    def plan(self) -> Plan:
        """What was put in force."""
        return self._intent.plan

    @property
    def source(self) -> Path:
        """The tree that it was put into."""
        return Path(self._intent.source)

    @property
    def folder(self) -> Path:
        """Where its journal and backups are."""
        return self._journal.folder

    @property
    def before(self) -> State:
        """What everything was before."""
        return self._intent.before

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know: not committed and why, a secret file that git does not ignore."""
        return self._intent.notes

    @property
    def commit(self) -> str:
        """The commit that was made. Empty: none."""
        return self._intent.commit.commit if self._intent.commit else ""

    def keep(self) -> None:
        """Say that the plan stays in force: a later `resume` leaves it alone."""
        self._journal.note("kept")
        self._journal.unlock()

    def release(self) -> None:
        """Let another process keep it or roll it back, by `reopen`."""
        self._journal.unlock()

    def roll_back(self) -> RolledBack:
        """Make everything what it was; what cannot be is named. A second time is harmless."""
        undone = undo(self._journal, self._intent)
        self._journal.unlock()
        return undone


def apply_plan(source: Path, plan: Plan, *, mode: Mode, backup_dir: Path) -> Applied:
    """Put a plan in force, all of it or nothing.

    Backups and journal go to a folder of its own in `backup_dir`, which should be outside the tree.

    Raises:
        PlanVoidError: The target is not any more what the plan was made for.
        PlanRefusedError: The plan leaves the tree, or asks for what is never done.
        PlanFailedError: A step failed; what was done is undone, and what could not be is named.
    """
    journal = Journal.create(backup_dir)
    try:
        prepared = prepare(source, plan, mode, journal)
    except BaseException as error:  # why: nothing was touched, so nothing of it stays, whatever ends it
        journal.discard()
        if isinstance(error, OSError):
            raise PlanFailedError(str(error)) from error
        raise
    intent = prepared.intent
    journal.intend(intent)
    try:
        for name, step in _steps(intent, prepared.contents, journal):
            journal.note("doing", name)
            step()
        after = state_of(source, touched(plan, mode))
    except BaseException as error:  # why: half a plan must not stay, whatever ends it, Ctrl-C included
        undone = undo(journal, intent)
        journal.unlock()
        if (undone.left and isinstance(error, Exception)) or isinstance(error, OSError):
            raise PlanFailedError(str(error), left=undone.left) from error
        raise
    journal.note("applied")
    return Applied(journal, intent, after)


def undo(journal: Journal, intent: Intent) -> RolledBack:
    """Undo all that an intent may have done, the last first, by looking at what is."""
    journal.note("undoing")
    source = Path(intent.source)
    repository = Repository.find(source)
    steps: list[Undo] = []
    if intent.commit and repository:
        steps.append(partial(undo_commit, repository, intent.commit, intent.plan, journal))
    steps += [partial(undo_file, step, source, journal) for step in reversed(intent.files)]
    steps += [partial(undo_sql, step, source, journal) for step in reversed(intent.sql)]
    said = [line for step in steps for line in _careful(step)]
    now: State | None = None
    try:
        now = state_of(source, touched(intent.plan, intent.mode))
        said += intent.before.differences(now)
    except (NaosuError, OSError) as error:
        said.append(f"it cannot be told whether all is as it was: {error}")
    left = tuple(dict.fromkeys(said))
    journal.note("undone", lines=left)
    return RolledBack(before=intent.before, now=now, left=left)


def _careful(step: Undo) -> tuple[str, ...]:
    """Undo one step; where that fails, say so, and let the others be undone."""
    try:
        return step()
    except (NaosuError, OSError) as error:
        return (str(error),)


def _steps(intent: Intent, contents: Contents, journal: Journal) -> list[tuple[str, Do]]:
    """Return the steps in order. Databases first: they are the likeliest to refuse."""
    source = Path(intent.source)
    steps: list[tuple[str, Do]] = [
        (f"sql {number}", partial(do_sql, sql, source, journal)) for number, sql in enumerate(intent.sql)
    ]
    steps += [(f"file {file.path}", partial(do_file, file, contents[file.path], intent.mark)) for file in intent.files]
    repository = Repository.find(source)
    if intent.commit and repository:
        steps.append((f"commit {intent.commit.commit}", partial(do_commit, repository, intent.commit, intent.plan)))
    return steps
