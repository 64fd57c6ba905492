"""What a crash interrupted, brought to an end."""

from enum import StrEnum
from pathlib import Path

import msgspec

from naosu.actions.apply_fix.apply import Applied, undo
from naosu.actions.apply_fix.journal import Journal
from naosu.actions.apply_fix.state import state_of, touched


class Ending(StrEnum):
    """What became of an application whose process died."""

    NEVER_BEGUN = "never_begun"
    IN_FORCE = "in_force"
    ROLLED_BACK = "rolled_back"


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """One application that nobody had ended.

    Attributes:
        folder: Its journal and backups.
        plan_key: Of its plan. Empty: nothing is known of it, for nothing was touched.
        left: What is not as it was before.
    """

    folder: Path
    ending: Ending
    plan_key: str = ""
    left: tuple[str, ...] = ()


def resume(backup_dir: Path) -> tuple[Resumed, ...]:
    """End all that nobody works on any more: what was half done is undone, and what was done stays, to be judged.

    A plan that is in force is reported each time until `reopen` was used to keep it or roll it back.
    """
    return tuple(ended for journal in _journals(backup_dir) if (ended := _end(journal)) is not None)


def reopen(folder: Path) -> Applied | None:
    """Return a plan that is in force, to be kept or rolled back. None: another process has it, or it is not."""
    journal = Journal(folder)
    intent = journal.intent()
    if intent is None or not _is_in_force(journal) or not journal.lock():
        return None
    return Applied(journal, intent, state_of(Path(intent.source), touched(intent.plan, intent.mode)))


def undo_plan(backup_dir: Path, plan_key: str) -> tuple[str, ...]:
    """Undo the newest application of a plan whose process died, and say what is not as it was; asked again, the same.

    What was kept, or is another process's, stays as it is.
    """
    mine = [journal for journal in _journals(backup_dir) if _plan_key(journal) == plan_key]
    if not mine:
        return ()
    journal = mine[-1]
    if not journal.lock():
        return ("another process works on it",)
    try:
        intent, events = journal.intent(), journal.events()
        last = events[-1] if events else None
        if intent is None or (last is not None and last.what == "kept"):
            return ()
        return last.lines if last is not None and last.what == "undone" else undo(journal, intent).left
    finally:
        journal.unlock()


def forget(backup_dir: Path, *, older_than_s: float, now_s: float) -> int:
    """Remove journals and backups of plans that were kept or undone without a trace so long ago; return how many."""
    count = 0
    for journal in _journals(backup_dir):
        events = journal.events()
        is_over = bool(events) and events[-1].what in ("kept", "undone") and not events[-1].lines
        if is_over and journal.folder.stat().st_mtime < now_s - older_than_s and journal.lock():
            journal.discard()
            count += 1
    return count


def is_in_force(backup_dir: Path, plan_key: str) -> Path | None:
    """Return the folder of the application by which a plan is in force, not yet kept. None: there is none."""
    mine = (journal for journal in _journals(backup_dir) if _plan_key(journal) == plan_key)
    return next((journal.folder for journal in mine if _is_in_force(journal)), None)


def _journals(backup_dir: Path) -> list[Journal]:
    return [Journal(folder) for folder in sorted(backup_dir.glob("naosu-*")) if folder.is_dir()]


def _plan_key(journal: Journal) -> str:
    intent = journal.intent()
    return intent.plan.key if intent is not None else ""


def _end(journal: Journal) -> Resumed | None:
    if not journal.lock():
        return None
    try:
        return _end_locked(journal)
    finally:
        journal.unlock()


def _end_locked(journal: Journal) -> Resumed | None:
    intent = journal.intent()
    if intent is None:
        journal.discard()
        return Resumed(folder=journal.folder, ending=Ending.NEVER_BEGUN)
    events = [event.what for event in journal.events()]
    if events and events[-1] in ("kept", "undone"):
        return None
    if _is_in_force(journal):
        return Resumed(folder=journal.folder, ending=Ending.IN_FORCE, plan_key=intent.plan.key)
    undone = undo(journal, intent)
    return Resumed(folder=journal.folder, ending=Ending.ROLLED_BACK, plan_key=intent.plan.key, left=undone.left)


def _is_in_force(journal: Journal) -> bool:
    events = journal.events()
    return bool(events) and events[-1].what == "applied"
