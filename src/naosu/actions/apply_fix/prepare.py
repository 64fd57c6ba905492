"""Everything that is decided before anything is touched: what each file becomes, and what git may have of it."""

from pathlib import Path

import msgspec

from naosu.actions.apply_fix import commits
from naosu.actions.apply_fix.additions import additions_of
from naosu.actions.apply_fix.databases import backend_of
from naosu.actions.apply_fix.errors import PlanRefusedError
from naosu.actions.apply_fix.file_steps import content_after, step_for_edit, step_for_patch
from naosu.actions.apply_fix.files import file_state, place_of
from naosu.actions.apply_fix.git import Repository
from naosu.actions.apply_fix.journal import Intent, Journal
from naosu.actions.apply_fix.modes import Branch, Commit, Mode, PatchFile
from naosu.actions.apply_fix.patch import patch_bytes
from naosu.actions.apply_fix.sql_steps import steps_for_sql
from naosu.actions.apply_fix.state import state_of, touched
from naosu.domain.repair import Plan

Contents = dict[str, bytes | None]


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An intent, with the bytes that its files get.

    Attributes:
        contents: By path, as the steps name it. None: the file is removed.
    """

    intent: Intent
    contents: Contents


def prepare(source: Path, plan: Plan, mode: Mode, journal: Journal) -> Prepared:
    """Check the plan against the world as it is, and store the backups.

    Raises:
        PlanVoidError: A file is not any more what the plan was made for.
        PlanRefusedError: The plan leaves the tree, or asks for what is never done.
    """
    contents: Contents = {edit.path: content_after(source, edit) for edit in plan.edits}
    if len({place_of(source, path) for path in contents}) != len(plan.edits):
        raise PlanRefusedError("the plan changes one file twice")
    for change in plan.sql:
        additions_of(change.statements, backend_of(change.database))
    repository = Repository.find(source)
    intent = Intent(
        mark=journal.mark,
        source=str(source.resolve()),
        plan=plan,
        mode=mode,
        before=state_of(source, touched(plan, mode)),
    )
    if isinstance(mode, PatchFile):
        patch = patch_bytes(plan, _now(source, plan), contents, prefix=repository.prefix if repository else "")
        step = step_for_patch(mode.path, patch, journal)
        return Prepared(
            intent=msgspec.structs.replace(intent, files=(step,), notes=_not_done(plan)), contents={mode.path: patch}
        )
    if isinstance(mode, Branch):
        commit = commits.commit_beside(repository, source, plan, contents, branch=mode.name, journal=journal)
        return Prepared(intent=msgspec.structs.replace(intent, commit=commit, notes=_not_done(plan)), contents={})
    return Prepared(intent=_in_force(repository, contents, intent, journal), contents=contents)


def _in_force(repository: Repository | None, contents: Contents, intent: Intent, journal: Journal) -> Intent:
    source, plan = Path(intent.source), intent.plan
    notes, commit = _secret_notes(repository, plan), None
    if isinstance(intent.mode, Commit) and plan.edits:
        why = commits.why_no_commit(repository, source, plan)
        if repository is None or why:
            notes += (f"changed in place, not committed: {why}",)
        else:
            commit = commits.commit_on_branch(repository, source, plan, contents, journal)
    return msgspec.structs.replace(
        intent,
        files=tuple(step_for_edit(source, edit, contents[edit.path], journal) for edit in plan.edits),
        commit=commit,
        sql=steps_for_sql(plan.sql, source, journal),
        notes=notes,
    )


def _now(source: Path, plan: Plan) -> Contents:
    places = {edit.path: place_of(source, edit.path) for edit in plan.edits}
    return {path: place.read_bytes() if file_state(place).sha256 else None for path, place in places.items()}


def _not_done(plan: Plan) -> tuple[str, ...]:
    """Say what neither a branch nor a patch puts in force."""
    secret = (f"{edit.path} holds secrets: it is to be written by hand" for edit in plan.edits if edit.is_secret)
    return (*secret, *("the database is as it was: the statements are to be run" for _ in plan.sql[:1]))


def _secret_notes(repository: Repository | None, plan: Plan) -> tuple[str, ...]:
    if repository is None:
        return ()
    paths = [edit.path for edit in plan.edits if edit.is_secret and edit.after is not None]
    tracked = [path for path in paths if repository.staged(path)]
    bare = [path for path in paths if path not in tracked and not repository.ignores(path)]
    return (
        *(f"{path} holds secrets, and is tracked by git: it was changed, not committed" for path in tracked),
        *(f"{path} holds secrets, and .gitignore does not name it: add it there" for path in bare),
    )
