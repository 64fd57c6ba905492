import subprocess
from pathlib import Path

import pytest

from naosu.actions.apply_fix import (
    Applied,
    Branch,
    Commit,
    Mode,
    PatchFile,
    PlanRefusedError,
    apply_plan,
    state_of,
)
from naosu.actions.apply_fix.git import GitError
from naosu.domain.repair import FileEdit, Plan, SqlChange

from .world import APP, MENDED, git, make_plan, make_repository, make_tree, secret_edit, title_edit


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def commit(source: Path, backups: Path, *edits: FileEdit) -> Applied:
    return apply_plan(source, make_plan(*edits or (title_edit(),)), mode=Commit(), backup_dir=backups)


def test_a_plan_is_one_commit_on_the_current_branch_with_its_explanation(source: Path, backups: Path):
    applied = commit(source, backups, title_edit(), FileEdit(path="routes/users.py", before=None, after="USERS = []\n"))
    assert git(source, "log", "-1", "--format=%B").strip() == "Mend the title\n\nIt was missing."
    assert git(source, "show", "--name-status", "--format=").split() == ["M", "app.py", "A", "routes/users.py"]
    assert git(source, "rev-parse", "main").strip() == applied.commit
    assert git(source, "status", "--porcelain") == ""
    assert applied.notes == ()


def test_a_removed_file_is_removed_from_git(source: Path, backups: Path):
    commit(source, backups, FileEdit(path="routes/orders.py", before="ORDERS = []\n", after=None))
    assert "routes/orders.py" not in git(source, "ls-tree", "-r", "--name-only", "HEAD")
    assert git(source, "status", "--porcelain") == ""


def test_half_done_work_in_checkout_and_index_is_neither_committed_nor_touched(source: Path, backups: Path):
    (source / "routes/orders.py").write_text("STAGED = 1\n")
    git(source, "add", "routes/orders.py")
    (source / "routes/orders.py").write_text("HALF = 1\n")
    (source / "new.py").write_text("NEW = 1\n")
    (source / "staged_new.py").write_text("NEW = 2\n")
    git(source, "add", "staged_new.py")
    before = git(source, "status", "--porcelain"), git(source, "diff", "--cached"), git(source, "diff")
    applied = commit(source, backups)
    assert git(source, "show", "--name-only", "--format=").split() == ["app.py"]
    assert (git(source, "status", "--porcelain"), git(source, "diff", "--cached"), git(source, "diff")) == before
    assert applied.roll_back().left == ()
    assert (git(source, "status", "--porcelain"), git(source, "diff", "--cached"), git(source, "diff")) == before


@pytest.mark.parametrize("is_staged", [False, True])
def test_a_file_with_somebodys_changes_is_mended_in_place_and_not_committed(
    source: Path, backups: Path, is_staged: bool
):
    theirs = f"{APP}half = 1\n"
    (source / "app.py").write_text(theirs)
    if is_staged:
        git(source, "add", "app.py")
    head, index = git(source, "rev-parse", "HEAD"), git(source, "diff", "--cached")
    applied = commit(source, backups, FileEdit(path="app.py", before=theirs, after=f"{theirs}app.title = 'x'\n"))
    assert (source / "app.py").read_text() == f"{theirs}app.title = 'x'\n"
    assert (git(source, "rev-parse", "HEAD"), git(source, "diff", "--cached")) == (head, index)
    assert applied.commit == ""
    assert "not committed: app.py" in applied.notes[0]
    assert applied.roll_back().left == ()
    assert (source / "app.py").read_text() == theirs


def test_what_is_staged_and_taken_back_in_the_checkout_stays_staged(source: Path, backups: Path):
    (source / "app.py").write_text("staged = 1\n")
    git(source, "add", "app.py")
    (source / "app.py").write_text(APP)
    staged = git(source, "diff", "--cached")
    applied = commit(source, backups)
    assert "staged with other changes" in applied.notes[0]
    assert git(source, "diff", "--cached") == staged
    assert applied.roll_back().left == ()


def test_a_rollback_leaves_head_branch_index_and_reflog_of_the_branch_at_what_they_were(source: Path, backups: Path):
    plan = make_plan(title_edit(), FileEdit(path="routes/users.py", before=None, after="USERS = []\n"))
    before, head = state_of(source, plan), git(source, "rev-parse", "HEAD")
    undone = apply_plan(source, plan, mode=Commit(), backup_dir=backups).roll_back()
    assert undone.left == ()
    assert state_of(source, plan) == before
    assert git(source, "rev-parse", "HEAD") == head
    assert git(source, "status", "--porcelain") == ""


def test_a_commit_that_others_built_upon_is_reverted_by_another_and_that_is_said(source: Path, backups: Path):
    applied = commit(source, backups)
    (source / "routes/orders.py").write_text("ORDERS = {}\n")
    git(source, "commit", "-qam", "Theirs")
    undone = applied.roll_back()
    assert (source / "app.py").read_text() == APP
    assert git(source, "log", "--format=%s").splitlines() == [
        'Revert "Mend the title"', "Theirs", "Mend the title", "Begin",
    ]  # fmt: skip
    assert git(source, "status", "--porcelain") == ""
    assert "reverts it" in undone.left[0]


def test_a_commit_that_a_remote_knows_is_reverted_and_not_taken_back(source: Path, backups: Path, tmp_path: Path):
    applied = commit(source, backups)
    git(tmp_path, "init", "-q", "--bare", "remote.git")
    git(source, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git(source, "push", "-q", "origin", "main")
    applied.roll_back()
    assert git(source, "log", "--format=%s").splitlines()[:2] == ['Revert "Mend the title"', "Mend the title"]


def test_what_others_committed_to_the_same_file_is_not_reverted(source: Path, backups: Path):
    applied = commit(source, backups)
    (source / "app.py").write_text("theirs = 1\n")
    git(source, "commit", "-qam", "Theirs")
    undone = applied.roll_back()
    assert (source / "app.py").read_text() == "theirs = 1\n"
    assert git(source, "log", "-1", "--format=%s").strip() == "Theirs"
    assert any("stays on main" in line for line in undone.left)


def test_secrets_are_never_committed_and_a_missing_ignore_rule_is_named(source: Path, backups: Path):
    (source / ".gitignore").write_text("*.db\n")
    applied = commit(source, backups, title_edit(), secret_edit())
    assert git(source, "show", "--name-only", "--format=").split() == ["app.py"]
    assert (source / ".env").read_text() == "JWT_SECRET_KEY=abc\n"
    assert applied.notes == (".env holds secrets, and .gitignore does not name it: add it there",)
    assert applied.roll_back().left == ()
    assert not (source / ".env").exists()


def test_an_ignored_file_of_secrets_needs_no_note(source: Path, backups: Path):
    assert commit(source, backups, title_edit(), secret_edit()).notes == ()


def test_secrets_that_git_tracks_already_are_changed_and_not_committed(source: Path, backups: Path):
    (source / "settings.ini").write_text("key=old\n")
    git(source, "add", "settings.ini")
    git(source, "commit", "-qm", "Oh")
    edit = FileEdit(path="settings.ini", before="key=old\n", after="key=abc\n", is_secret=True)
    applied = commit(source, backups, title_edit(), edit)
    assert git(source, "show", "--name-only", "--format=").split() == ["app.py"]
    assert "is tracked by git" in applied.notes[0]


def test_hooks_of_the_repository_do_not_run(source: Path, backups: Path, tmp_path: Path):
    for name in ("pre-commit", "post-commit", "commit-msg", "reference-transaction", "post-index-change"):
        hook = source / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        hook.chmod(0o755)
    commit(source, backups).roll_back()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("preparation", "why"),
    [
        (("checkout", "-q", "--detach"), "no branch is checked out"),
        (("update-index", "--assume-unchanged", "app.py"), "git was told not to look at app.py"),
        (("update-index", "--skip-worktree", "app.py"), "git was told not to look at app.py"),
    ],
)
def test_where_git_cannot_commit_the_plan_is_put_in_place(
    source: Path, backups: Path, preparation: tuple[str, ...], why: str
):
    git(source, *preparation)
    applied = commit(source, backups)
    assert (source / "app.py").read_text() == MENDED
    assert applied.commit == ""
    assert why in " ".join(applied.notes)
    assert applied.roll_back().left == ()


def test_in_the_middle_of_a_merge_nothing_is_committed(source: Path, backups: Path):
    git(source, "checkout", "-q", "-b", "side")
    (source / "routes/orders.py").write_text("A = 1\n")
    git(source, "commit", "-qam", "Side")
    git(source, "checkout", "-q", "main")
    git(source, "merge", "-q", "--no-ff", "--no-commit", "side")
    applied = commit(source, backups)
    assert "in the middle of something (MERGE_HEAD)" in applied.notes[0]
    assert git(source, "log", "--format=%s").split() == ["Begin"]
    assert applied.roll_back().left == ()


def test_a_repository_without_a_commit_is_changed_in_place(tmp_path: Path, backups: Path):
    source = make_tree(tmp_path)
    git(source, "init", "-q")
    assert "no commit yet" in commit(source, backups).notes[0]


def test_a_tree_inside_a_larger_repository_commits_its_own_files_only(tmp_path: Path, backups: Path):
    source = make_tree(tmp_path / "mono/services")
    top = tmp_path / "mono"
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-qm", "Begin")
    applied = commit(source, backups, title_edit(), FileEdit(path="routes/users.py", before=None, after="U = 1\n"))
    assert git(top, "show", "--name-only", "--format=").split() == [
        "services/shop/app.py",
        "services/shop/routes/users.py",
    ]
    assert git(top, "status", "--porcelain") == ""
    assert applied.roll_back().left == ()
    assert git(top, "status", "--porcelain") == ""


def test_line_endings_that_git_converts_are_committed_as_git_wants_them(source: Path, backups: Path):
    (source / ".gitattributes").write_text("*.py text eol=crlf\n")
    git(source, "add", ".gitattributes")
    git(source, "commit", "-qm", "Endings")
    (source / "app.py").unlink()
    git(source, "checkout", "-q", "--", "app.py")
    applied = commit(source, backups)
    assert (source / "app.py").read_bytes() == MENDED.replace("\n", "\r\n").encode()
    assert git(source, "cat-file", "-p", "HEAD:app.py") == MENDED
    assert git(source, "status", "--porcelain") == ""
    assert applied.commit


def test_the_author_is_whom_git_knows_else_naosu(source: Path, backups: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    subprocess.run(["git", "config", "user.name", "Grace"], cwd=source, check=True)
    subprocess.run(["git", "config", "user.email", "grace@example.org"], cwd=source, check=True)
    commit(source, backups).roll_back()
    assert git(source, "log", "-g", "--format=%an %ae").splitlines()[1] == "Grace grace@example.org"


def test_an_index_that_another_git_holds_is_said_and_nothing_is_left_half_done(
    source: Path, backups: Path, monkeypatch
):
    monkeypatch.setattr("naosu.actions.apply_fix.git._LOCK_TRIES", 2)
    plan = make_plan(title_edit())
    before = state_of(source, plan)
    (source / ".git/index.lock").touch()
    with pytest.raises(GitError, match=r"index\.lock"):
        apply_plan(source, plan, mode=Commit(), backup_dir=backups)
    assert state_of(source, plan) == before


def branches(source: Path) -> list[str]:
    return git(source, "branch", "--format=%(refname:short)").split()


def test_a_new_branch_gets_the_commit_and_the_checkout_stays_as_it_is(source: Path, backups: Path):
    plan = make_plan(title_edit(), secret_edit(), sql=(SqlChange(database="sqlite:///x.db", statements=("ANALYZE",)),))
    before = state_of(source, plan)
    applied = apply_plan(source, plan, mode=Branch("naosu/title"), backup_dir=backups)
    assert state_of(source, plan) == before
    assert git(source, "show", "naosu/title:app.py") == MENDED
    assert git(source, "rev-parse", "naosu/title^").strip() == before.git.head
    assert len(applied.notes) == 2
    assert applied.roll_back().left == ()
    assert branches(source) == ["main"]


def test_a_branch_that_was_moved_after_the_repair_is_left(source: Path, backups: Path):
    applied = apply_plan(source, make_plan(title_edit()), mode=Branch("fix"), backup_dir=backups)
    git(source, "branch", "-f", "fix", "main")
    assert "was moved" in applied.roll_back().left[0]
    assert branches(source) == ["fix", "main"]


@pytest.mark.parametrize("name", ["main", "-x", "a b", "a..b", "@{-1}", ""])
def test_a_branch_that_exists_or_cannot_be_called_so_is_refused(source: Path, backups: Path, name: str):
    with pytest.raises(PlanRefusedError):
        apply_plan(source, make_plan(title_edit()), mode=Branch(name), backup_dir=backups)
    assert branches(source) == ["main"]


def test_a_branch_would_not_hold_what_somebody_has_not_committed(source: Path, backups: Path):
    theirs = f"{APP}half = 1\n"
    (source / "app.py").write_text(theirs)
    with pytest.raises(PlanRefusedError, match="not committed"):
        apply_plan(
            source,
            make_plan(FileEdit(path="app.py", before=theirs, after="x\n")),
            mode=Branch("fix"),
            backup_dir=backups,
        )


PLANS = [
    make_plan(title_edit()),
    make_plan(
        title_edit(),
        secret_edit(),
        FileEdit(path="routes/users.py", before=None, after="USERS = []"),
        FileEdit(path="routes/__init__.py", before=None, after=""),
        FileEdit(path="routes/orders.py", before="ORDERS = []\n", after=None),
        sql=(SqlChange(database="postgresql://u:hunter2@h/d", statements=("CREATE INDEX ix ON t\n(a)", "ANALYZE")),),
    ),
]


@pytest.mark.parametrize("plan", PLANS)
def test_a_patch_file_is_what_git_applies_and_nothing_else_is_touched(
    source: Path, backups: Path, tmp_path: Path, plan: Plan
):
    mode: Mode = PatchFile(str(tmp_path / "fix.patch"))
    before = git(source, "status", "--porcelain")
    applied = apply_plan(source, plan, mode=mode, backup_dir=backups)
    assert git(source, "status", "--porcelain") == before
    git(source, "apply", str(tmp_path / "fix.patch"))
    assert (source / "app.py").read_text() == MENDED
    if len(plan.edits) > 1:
        assert (source / "routes/users.py").read_text() == "USERS = []"
        assert (source / "routes/__init__.py").read_text() == ""
        assert not (source / "routes/orders.py").exists()
        assert not (source / ".env").exists()
        text = (tmp_path / "fix.patch").read_text()
        assert "CREATE INDEX ix ON t" in text
        assert "abc" not in text
        assert "hunter2" not in text
    git(source, "apply", "-R", str(tmp_path / "fix.patch"))
    assert applied.roll_back().left == ()
    assert not (tmp_path / "fix.patch").exists()


def test_a_patch_of_a_tree_inside_a_larger_repository_is_applied_from_its_top_and_from_the_tree(
    tmp_path: Path, backups: Path
):
    source = make_tree(tmp_path / "mono")
    git(tmp_path / "mono", "init", "-q")
    apply_plan(source, make_plan(title_edit()), mode=PatchFile(str(tmp_path / "fix.patch")), backup_dir=backups)
    git(tmp_path / "mono", "apply", str(tmp_path / "fix.patch"))
    assert (source / "app.py").read_text() == MENDED
    git(source, "apply", "-R", str(tmp_path / "fix.patch"))
    assert (source / "app.py").read_text() == APP


def test_a_patch_keeps_windows_line_endings(source: Path, backups: Path, tmp_path: Path):
    (source / "win.py").write_bytes(b"a = 1\r\nb = 2\r\n")
    plan = make_plan(FileEdit(path="win.py", before="a = 1\nb = 2\n", after="a = 1\nb = 3\n"))
    apply_plan(source, plan, mode=PatchFile(str(tmp_path / "fix.patch")), backup_dir=backups)
    git(source, "apply", str(tmp_path / "fix.patch"))
    assert (source / "win.py").read_bytes() == b"a = 1\r\nb = 3\r\n"
