"""The journal of one application of a plan: what is intended is on disk before it is done, so a crash can be ended."""

import fcntl
import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from naosu.actions.apply_fix.databases import DatabaseState
from naosu.actions.apply_fix.files import sync_folder, write_whole
from naosu.actions.apply_fix.git import Entry
from naosu.actions.apply_fix.modes import Mode
from naosu.actions.apply_fix.state import State
from naosu.domain.repair import Plan, SqlChange

_PRIVATE = 0o600
_INTENT = "intent.json"
_EVENTS = "events.jsonl"
_LOCK = "lock"


class FileStep(msgspec.Struct, frozen=True, kw_only=True):
    """One file to be written or removed.

    Attributes:
        path: As the plan names it.
        place: Absolute.
        backup: Name of the copy in the application's backup folder. Empty: the file did not exist.
        after_sha256: Empty: it is removed.
        folders: Absolute, outermost first: made for it.
        in_tree: It is one of the source tree's own. A patch file may lie anywhere.
    """

    path: str
    place: str
    backup: str
    before_mode: int
    before_owner: tuple[int, int]
    before_changed_at_ns: int
    before_sha256: str
    after_mode: int
    after_sha256: str
    folders: tuple[str, ...] = ()
    in_tree: bool = True


class CommitStep(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that is made already, and only has to be pointed at.

    Attributes:
        reference: The branch, by its full name.
        parent: Where the branch was. Empty: there was no such branch.
        staged_before, staged_after: What the index holds of the plan's files. Empty: it is left alone.
    """

    reference: str
    parent: str
    commit: str
    staged_before: dict[str, Entry | None] = {}
    staged_after: dict[str, Entry | None] = {}


class SqlStep(msgspec.Struct, frozen=True, kw_only=True):
    """The statements for one database.

    Attributes:
        number: Which of the plan's it is, from 0.
        is_first: No earlier one is for the same database.
        backup: Name of the copy in the application's backup folder. Empty: there is none.
    """

    change: SqlChange
    number: int
    before: DatabaseState
    is_first: bool = True
    backup: str = ""


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """All that is needed to undo an application, whatever of it was done.

    Attributes:
        mark: Names it, its folder, and its temporary files.
    """

    mark: str
    source: str
    plan: Plan
    mode: Mode
    before: State
    files: tuple[FileStep, ...] = ()
    commit: CommitStep | None = None
    sql: tuple[SqlStep, ...] = ()
    notes: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the journal: ``doing`` before each step, ``applied``, ``undoing``, ``undone``, ``kept``."""

    what: str
    step: str = ""
    detail: str = ""
    lines: tuple[str, ...] = ()


class Journal:
    """One folder: the intent, the events, and the backups. Readable by nobody else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: BinaryIO | None = None

    @classmethod
    def create(cls, backup_dir: Path) -> "Journal":
        """Make a new one, locked; by their names they are in the order of their making."""
        backup_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        journal = cls(backup_dir / f"naosu-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}")
        journal.folder.mkdir(mode=0o700)
        sync_folder(backup_dir)
        journal.lock()
        return journal

    @property
    def mark(self) -> str:
        """Its name."""
        return self.folder.name

    def lock(self) -> bool:
        """Hold it until this process ends, or `unlock`. False: another process does."""
        self._lock = os.fdopen(os.open(self.folder / _LOCK, os.O_WRONLY | os.O_CREAT, _PRIVATE), "ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.unlock()
            return False
        return True

    def unlock(self) -> None:
        """Let another process have it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def discard(self) -> None:
        """Remove it: nothing was touched."""
        self.unlock()
        shutil.rmtree(self.folder)

    def keep_copy(self, name: str, content: bytes) -> str:
        """Store a backup, durably, and return its name."""
        write_whole(self.folder / name, content, mode=_PRIVATE, owner=(os.geteuid(), os.getegid()), mark="new")
        return name

    def copy(self, name: str) -> bytes:
        """Return a backup."""
        return (self.folder / name).read_bytes()

    def intend(self, intent: Intent) -> None:
        """Write what will be done. Nothing is, before this."""
        self.keep_copy(_INTENT, msgspec.json.encode(intent))

    def intent(self) -> Intent | None:
        """Return what was to be done. None: it was never begun."""
        with suppress(FileNotFoundError):
            return msgspec.json.decode((self.folder / _INTENT).read_bytes(), type=Intent)
        return None

    def note(self, what: str, step: str = "", *, detail: str = "", lines: tuple[str, ...] = ()) -> None:
        """Write one event, durably."""
        line = msgspec.json.encode(Event(what=what, step=step, detail=detail, lines=lines)) + b"\n"
        descriptor = os.open(self.folder / _EVENTS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def events(self) -> tuple[Event, ...]:
        """Return the events in order; a line that a crash tore is none."""
        try:
            lines = (self.folder / _EVENTS).read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return ()
        found: list[Event] = []
        for line in lines:
            with suppress(msgspec.DecodeError):
                found.append(msgspec.json.decode(line, type=Event))
        return tuple(found)
