"""Commits of a plan: only its own files, beside whatever else is half done in the checkout."""

from collections.abc import Mapping
from pathlib import Path

from naosu.actions.apply_fix.errors import PlanRefusedError
from naosu.actions.apply_fix.files import place_of
from naosu.actions.apply_fix.git import Entry, Repository
from naosu.actions.apply_fix.journal import CommitStep, Journal
from naosu.domain.repair import Plan

_WHY = "naosu: {}"
_NEW_FILE_MODE = "100644"
Contents = Mapping[str, bytes | None]


def why_no_commit(repository: Repository | None, source: Path, plan: Plan) -> str:
    """Say why a plan cannot be committed on the current branch. Empty: it can.

    A file that somebody has changed and not committed is one reason: a commit would hold their half work as well.
    """
    if repository is None:
        return "there is no git repository"
    state = repository.state()
    if not state.head:
        return "the repository has no commit yet"
    if not state.branch:
        return "no branch is checked out"
    if doing := repository.busy_with():
        return f"git is in the middle of something ({doing})"
    paths = committed_paths(plan)
    if not paths:
        return "all its files hold secrets" if plan.edits else "it changes no file"
    reasons = (_why_not_clean(repository, source, path) for path in paths)
    return next(filter(None, reasons), "")


def committed_paths(plan: Plan) -> tuple[str, ...]:
    """Return the files that may be committed: those without secrets."""
    return tuple(edit.path for edit in plan.edits if not edit.is_secret)


def commit_on_branch(
    repository: Repository, source: Path, plan: Plan, contents: Contents, journal: Journal
) -> CommitStep:
    """Make the commit for the current branch; nothing points at it yet."""
    state = repository.state()
    before = {path: repository.committed(path, state.head) for path in committed_paths(plan)}
    after = {path: _entry(repository, path, contents[path], before[path]) for path in before}
    return CommitStep(
        reference=state.branch,
        parent=state.head,
        commit=_commit(repository, plan, after, state.head, journal),
        staged_before=before,
        staged_after=after,
    )


def commit_beside(
    repository: Repository | None, source: Path, plan: Plan, contents: Contents, *, branch: str, journal: Journal
) -> CommitStep:
    """Make the commit for a new branch from HEAD; nothing points at it yet.

    Raises:
        PlanRefusedError: There can be no such branch, or the commit would hold what somebody has not committed.
    """
    if repository is None:
        raise PlanRefusedError("a branch needs a git repository")
    if not repository.is_branch_name(branch):
        raise PlanRefusedError(f"{branch!r} is no name for a branch")
    reference, head = f"refs/heads/{branch}", repository.commit_of("HEAD")
    if repository.commit_of(reference):
        raise PlanRefusedError(f"branch {branch} exists already")
    if not head:
        raise PlanRefusedError("the repository has no commit yet")
    paths = committed_paths(plan)
    if not paths:
        raise PlanRefusedError("the plan changes no file that may be committed")
    before = {path: repository.committed(path, head) for path in paths}
    for path, entry in before.items():
        content = place_of(source, path).read_bytes() if place_of(source, path).exists() else None
        if (entry.blob if entry else None) != (repository.blob_of(content, path) if content is not None else None):
            raise PlanRefusedError(f"{path} has changes that are not committed: commit or stash them first")
    after = {path: _entry(repository, path, contents[path], before[path]) for path in paths}
    return CommitStep(reference=reference, parent="", commit=_commit(repository, plan, after, head, journal))


def do_commit(repository: Repository, step: CommitStep, plan: Plan) -> None:
    """Let the branch point at the commit, and put its files into the index."""
    repository.move(step.reference, to=step.commit, expected=step.parent, why=_WHY.format(plan.summary))
    if step.staged_after:
        repository.set_index(step.staged_after)


def undo_commit(repository: Repository, step: CommitStep, plan: Plan, journal: Journal) -> tuple[str, ...]:
    """Let the branch point where it did; where others know the commit, revert it by another."""
    now = repository.commit_of(step.reference)
    left: tuple[str, ...] = ()
    if now == step.commit and not repository.is_published(step.commit):
        repository.move(step.reference, to=step.parent, expected=step.commit, why=_WHY.format("undo the repair"))
    elif now != step.parent:
        left = _revert(repository, step, plan, now, journal)
    staged = {path: repository.staged(path) for path in step.staged_after}
    stale = {path: step.staged_before[path] for path, entry in step.staged_after.items() if staged[path] == entry}
    if stale:
        repository.set_index(stale)
    return left


def _revert(repository: Repository, step: CommitStep, plan: Plan, now: str, journal: Journal) -> tuple[str, ...]:
    branch = step.reference.removeprefix("refs/heads/")
    if not step.staged_after:
        return (f"branch {branch} was moved after the repair: left as it is",) if now else ()
    if not repository.is_ancestor(step.commit, now):
        return (f"branch {branch} was moved after the repair, and holds its commit no more: left as it is",)
    changed = [path for path, entry in step.staged_after.items() if repository.committed(path, now) != entry]
    if changed:
        return (f"commit {step.commit[:12]} stays on {branch}: {', '.join(changed)} was committed again after it",)
    message = f'Revert "{plan.summary}"\n\nThis reverts commit {step.commit}: the repair did not hold.\n'
    commit = repository.write_commit(step.staged_before, parent=now, message=message, index=journal.folder / "index")
    repository.move(step.reference, to=commit, expected=now, why=_WHY.format("revert the repair"))
    return (f"commit {step.commit[:12]} stays on {branch}, for others know it: {commit[:12]} reverts it",)


def _commit(
    repository: Repository, plan: Plan, after: Mapping[str, Entry | None], parent: str, journal: Journal
) -> str:
    message = f"{plan.summary}\n\n{plan.explanation}\n"
    return repository.write_commit(after, parent=parent, message=message, index=journal.folder / "index")


def _entry(repository: Repository, path: str, content: bytes | None, before: Entry | None) -> Entry | None:
    if content is None:
        return None
    return Entry(before.mode if before else _NEW_FILE_MODE, repository.blob_of(content, path, write=True))


def _why_not_clean(repository: Repository, source: Path, path: str) -> str:
    committed, staged, place = repository.committed(path), repository.staged(path), place_of(source, path)
    if committed != staged:
        return f"{path} is staged with other changes"
    if committed is None:
        if place.exists():
            return f"{path} is not tracked by git"
        return f"{path} is ignored by git" if repository.ignores(path) else ""
    if repository.is_hidden(path):
        return f"git was told not to look at {path}"
    if not place.exists() or repository.blob_of(place.read_bytes(), path) != committed.blob:
        return f"{path} has changes that are not committed"
    return ""
