"""Files of a plan: what each becomes, how it is written, and how it becomes again what it was."""

import hashlib
import os
from pathlib import Path

import msgspec

from naosu.actions.apply_fix.errors import PlanRefusedError, PlanVoidError
from naosu.actions.apply_fix.files import (
    NEW_MODE,
    SECRET_MODE,
    file_state,
    place_of,
    remove,
    sync_folder,
    temporary_of,
    write_whole,
)
from naosu.actions.apply_fix.journal import FileStep, Journal
from naosu.actions.apply_fix.texts import edited
from naosu.domain.repair import FileEdit


def content_after(source: Path, edit: FileEdit) -> bytes | None:
    """Return what a file becomes. None: it is removed.

    Raises:
        PlanVoidError: It is not what the plan was made for.
    """
    place = place_of(source, edit.path)
    if edit.before is None:
        if place.exists():
            raise PlanVoidError(f"{edit.path} exists already")
        return (edit.after or "").encode()
    if not place.exists():
        raise PlanVoidError(f"{edit.path} is gone")
    content = edited(place.read_bytes(), edit.before, edit.after or "", edit.path)
    if content is None:
        raise PlanVoidError(f"{edit.path} changed since the plan was made")
    return content if edit.after is not None else None


def step_for_edit(source: Path, edit: FileEdit, content: bytes | None, journal: Journal) -> FileStep:
    """Return the step that gives a file its content, and store its backup."""
    mode = SECRET_MODE if edit.is_secret else None
    return _step(place_of(source, edit.path), edit.path, content, mode, journal)


def step_for_patch(path: str, content: bytes, journal: Journal) -> FileStep:
    """Return the step that writes a patch file, wherever it is wanted."""
    place = Path(path).absolute()
    if place.is_symlink() or (place.exists() and not place.is_file()):
        raise PlanRefusedError(f"{place} is no plain file")
    return msgspec.structs.replace(_step(place, path, content, None, journal), in_tree=False)


def _step(place: Path, path: str, content: bytes | None, mode: int | None, journal: Journal) -> FileStep:
    before, backup, changed_at_ns = file_state(place), "", 0
    if before.sha256:
        backup = journal.keep_copy(
            f"{hashlib.sha256(path.encode()).hexdigest()[:8]}-{place.name}.orig", place.read_bytes()
        )
        changed_at_ns = place.stat().st_mtime_ns
    folders = [folder for folder in reversed(place.parents) if not folder.exists()]
    nearest = next(folder for folder in place.parents if folder.exists()).stat()
    owner = (before.uid, before.gid) if before.sha256 else (nearest.st_uid, nearest.st_gid)
    return FileStep(
        path=path,
        place=str(place),
        backup=backup,
        before_mode=before.mode,
        before_owner=owner,
        before_changed_at_ns=changed_at_ns,
        before_sha256=before.sha256,
        after_mode=mode or before.mode or NEW_MODE,
        after_sha256=hashlib.sha256(content).hexdigest() if content is not None else "",
        folders=tuple(map(str, folders)),
    )


def do_file(step: FileStep, content: bytes | None, mark: str) -> None:
    """Write or remove the file.

    Raises:
        PlanVoidError: Somebody changed it in the meantime.
    """
    place = Path(step.place)
    if file_state(place).sha256 != step.before_sha256:
        raise PlanVoidError(f"{step.path} changed since the plan was made")
    for folder in map(Path, step.folders):
        folder.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            os.chown(folder, *step.before_owner)
        sync_folder(folder.parent)
    if content is None:
        remove(place)
    else:
        write_whole(place, content, mode=step.after_mode, owner=step.before_owner, mark=mark)


def undo_file(step: FileStep, source: Path, journal: Journal) -> tuple[str, ...]:
    """Make the file what it was, however far it was written. What somebody else wrote since stays, and is named."""
    place = place_of(source, step.path) if step.in_tree else Path(step.place)
    remove(temporary_of(place, journal.mark))
    now = file_state(place)
    if now.sha256 not in (step.after_sha256, step.before_sha256):
        kept = f"; what it was: {journal.folder / step.backup}" if step.backup else ""
        return (f"{step.path} was changed after the repair: left as it is{kept}",)
    if not step.before_sha256:
        remove(place)
        for folder in map(Path, reversed(step.folders)):
            _remove_if_empty(folder)
        return ()
    was = (step.before_sha256, step.before_mode, step.before_owner)
    if (now.sha256, now.mode, (now.uid, now.gid)) != was:
        write_whole(
            place,
            journal.copy(step.backup),
            mode=step.before_mode,
            owner=step.before_owner,
            mark=journal.mark,
            changed_at_ns=step.before_changed_at_ns,
        )
    return ()


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        sync_folder(folder.parent)
