"""Going back to what ran before a change: by a commit that reverts it, or by a command of the operator's."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from naosu.actions.apply_fix import Commit, apply_plan, reopen
from naosu.actions.apply_fix.git import Repository
from naosu.actions.apply_fix.texts import encoding_of
from naosu.actions.commands import is_there, run_or_fail
from naosu.actions.errors import ActionFailedError
from naosu.actions.parameters import Command, Parameters
from naosu.domain.repair import FileEdit, Plan, PlanKind, Proof, Risk
from naosu.ports.action import Done, Scene


class RollbackParameters(Parameters, frozen=True, kw_only=True):
    """One of `commit` and `command`.

    Attributes:
        commit: Is reverted by a new one on the current branch.
        command: Goes back to the release before.
        undo: Goes forward again. None: nothing does.
    """

    commit: Annotated[str, Meta(pattern=r"^([0-9a-fA-F]{7,64})?$")] = ""
    command: Command | None = None
    undo: Command | None = None


class RollbackDeploy:
    """Reverts exactly one commit whose files nobody has changed since; undone, the branch is where it was."""

    name = "rollback_deploy"
    risk = Risk.HIGH
    reversible = True
    parameters = RollbackParameters

    def why_not(self, parameters: RollbackParameters, scene: Scene) -> str:
        """One way, and for a revert a checkout in which nobody is half-way."""
        if bool(parameters.commit) == bool(parameters.command):
            return "one of commit and command is wanted"
        if parameters.command is not None:
            if not scene.is_operators:
                return "only whoever runs the server may say what is run"
            return "" if is_there(parameters.command[0]) else f"{parameters.command[0]} is not installed"
        try:
            plan_of_revert(Path(scene.ground.source), parameters.commit)
        except ActionFailedError as error:
            return str(error)
        return ""

    def is_applied(self, parameters: RollbackParameters, scene: Scene) -> bool | None:
        """Look for a commit that says so."""
        repository = Repository.find(Path(scene.ground.source)) if parameters.commit else None
        if repository is None:
            return None
        whole = repository.commit_of(parameters.commit)
        return f"This reverts commit {whole}" in repository.newest_messages()

    def apply(self, parameters: RollbackParameters, scene: Scene) -> Done:
        """Go back."""
        if parameters.command is not None:
            ran = run_or_fail(parameters.command, timeout_s=scene.timeout_s, folder=scene.ground.source)
            return Done(detail=f"ran {parameters.command[0]}: {ran.last_line[:300]}")
        source = Path(scene.ground.source)
        applied = apply_plan(
            source, plan_of_revert(source, parameters.commit), mode=Commit(), backup_dir=scene.backup_dir
        )
        applied.release()
        return Done(detail=f"reverted {parameters.commit}", undo={"folder": str(applied.folder)}, notes=applied.notes)

    def roll_back(self, parameters: RollbackParameters, scene: Scene, done: Done) -> tuple[str, ...]:
        """Go forward again."""
        if parameters.command is not None:
            if parameters.undo is None:
                return (f"what {parameters.command[0]} did stays: no command undoes it",)
            run_or_fail(parameters.undo, timeout_s=scene.timeout_s, folder=scene.ground.source)
            return ()
        applied = reopen(Path(done.undo["folder"]))
        return applied.roll_back().left if applied else ("the revert is not in force any more, or another works on it",)


def plan_of_revert(source: Path, commit: str) -> Plan:
    """Return the plan that takes a commit's changes back.

    Raises:
        ActionFailedError: It is a merge, changed other than text files, or its files were changed again since.
    """
    repository = Repository.find(source)
    whole = repository.commit_of(commit) if repository and commit else ""
    if repository is None or not whole:
        raise ActionFailedError(f"{commit} is no commit of {source}")
    if len(repository.parents_of(whole)) != 1:
        raise ActionFailedError(f"{commit} is a merge, or the first commit: it cannot be reverted by itself")
    edits = tuple(_revert(repository, path, whole) for path in repository.changed_by(whole))
    subject = repository.subject_of(whole)
    return Plan(
        kind=PlanKind.CODE,
        summary=f'Revert "{subject}"',
        explanation=f"This reverts commit {whole}: the fault began with it.",
        risk=Risk.HIGH,
        proof=Proof(text="The fault is gone."),
        undo="The branch is put back to where it was.",
        edits=edits,
    )


def _revert(repository: Repository, path: str, commit: str) -> FileEdit:
    was, became, now = (repository.committed(path, name) for name in (f"{commit}^", commit, "HEAD"))
    if became != now:
        raise ActionFailedError(f"{path} was changed again after {commit[:12]}")
    texts: list[str | None] = []
    for entry in (now, was):
        content = repository.content_of(entry) if entry else None
        encoding = encoding_of(content, path) if content is not None else None
        if content is not None and (encoding is None or b"\0" in content):
            raise ActionFailedError(f"{path} is no text")
        texts.append(encoding.decode(content) if content is not None and encoding else None)
    return FileEdit(path=path, before=texts[0], after=texts[1])
