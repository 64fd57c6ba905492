import os
import stat
from pathlib import Path

import pytest

from naosu.actions.apply_fix import (
    InPlace,
    PlanFailedError,
    PlanRefusedError,
    PlanVoidError,
    apply_plan,
    state_of,
)
from naosu.domain.repair import FileEdit

from .world import APP, MENDED, make_plan, make_tree, secret_edit, title_edit


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_tree(tmp_path)


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def everything_in(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_plan_changes_adds_and_removes_files(source: Path, backups: Path):
    plan = make_plan(
        title_edit(),
        FileEdit(path="routes/users/__init__.py", before=None, after="USERS = []\n"),
        FileEdit(path="routes/orders.py", before="ORDERS = []\n", after=None),
    )
    applied = apply_plan(source, plan, mode=InPlace(), backup_dir=backups)
    assert (source / "app.py").read_text() == MENDED
    assert (source / "routes/users/__init__.py").read_text() == "USERS = []\n"
    assert not (source / "routes/orders.py").exists()
    assert applied.after == state_of(source, plan)
    assert applied.before.differences(applied.after)


def test_what_is_rolled_back_is_byte_for_byte_what_it_was_with_modes_and_times(source: Path, backups: Path):
    (source / "app.py").chmod(0o750)
    before = everything_in(source)
    plan = make_plan(
        title_edit(),
        secret_edit(),
        FileEdit(path="routes/users/__init__.py", before=None, after="USERS = []\n"),
        FileEdit(path="routes/orders.py", before="ORDERS = []\n", after=None),
    )
    undone = apply_plan(source, plan, mode=InPlace(), backup_dir=backups).roll_back()
    assert undone.left == ()
    assert undone.now == undone.before
    assert everything_in(source) == before
    assert not (source / "routes/users").exists()


def test_rolling_back_twice_is_harmless(source: Path, backups: Path):
    applied = apply_plan(source, make_plan(title_edit()), mode=InPlace(), backup_dir=backups)
    assert applied.roll_back() == applied.roll_back()
    assert (source / "app.py").read_text() == APP


def test_what_somebody_wrote_after_the_repair_stays_and_is_named(source: Path, backups: Path):
    applied = apply_plan(source, make_plan(title_edit()), mode=InPlace(), backup_dir=backups)
    (source / "app.py").write_text("theirs = True\n")
    undone = applied.roll_back()
    assert (source / "app.py").read_text() == "theirs = True\n"
    assert "app.py was changed after the repair" in undone.left[0]


def test_a_mode_that_somebody_changed_after_the_repair_is_put_back(source: Path, backups: Path):
    applied = apply_plan(source, make_plan(title_edit()), mode=InPlace(), backup_dir=backups)
    (source / "app.py").chmod(0o777)
    assert applied.roll_back().left == ()
    assert stat.S_IMODE((source / "app.py").stat().st_mode) == 0o644


def test_a_file_keeps_its_mode_and_owner(source: Path, backups: Path):
    (source / "app.py").chmod(0o755)
    if os.geteuid() == 0:
        os.chown(source / "app.py", 1234, 1235)
    before = (source / "app.py").stat()
    apply_plan(source, make_plan(title_edit()), mode=InPlace(), backup_dir=backups)
    after = (source / "app.py").stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)


def test_a_changed_file_is_newer_by_a_whole_second_so_python_compiles_it_again(source: Path, backups: Path):
    before = (source / "app.py").stat().st_mtime_ns
    apply_plan(source, make_plan(title_edit()), mode=InPlace(), backup_dir=backups)
    assert (source / "app.py").stat().st_mtime_ns // 10**9 > before // 10**9


def test_a_file_of_secrets_is_readable_by_its_owner_only_and_its_values_are_not_in_the_diff(
    source: Path, backups: Path
):
    (source / ".env").write_text("A=1\n")
    (source / ".env").chmod(0o644)
    plan = make_plan(FileEdit(path=".env", before="A=1\n", after="A=1\nKEY=abc\n", is_secret=True))
    applied = apply_plan(source, plan, mode=InPlace(), backup_dir=backups)
    assert stat.S_IMODE((source / ".env").stat().st_mode) == 0o600
    assert "abc" not in plan.diff()
    assert applied.roll_back().left == ()
    assert stat.S_IMODE((source / ".env").stat().st_mode) == 0o644


def test_backups_are_readable_by_their_owner_only(source: Path, backups: Path):
    applied = apply_plan(source, make_plan(title_edit()), mode=InPlace(), backup_dir=backups)
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (applied.folder, *applied.folder.iterdir())}
    originals = [path for path in applied.folder.iterdir() if path.suffix == ".orig"]
    assert modes == {0}
    assert [path.read_text() for path in originals] == [APP]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (FileEdit(path="app.py", before="other\n", after="x\n"), "changed since"),
        (FileEdit(path="app.py", before=None, after="x\n"), "exists already"),
        (FileEdit(path="gone.py", before="x\n", after="y\n"), "is gone"),
    ],
)
def test_a_plan_for_other_files_than_there_are_is_void(source: Path, backups: Path, edit: FileEdit, why: str):
    before = everything_in(source)
    with pytest.raises(PlanVoidError, match=why):
        apply_plan(source, make_plan(title_edit(), edit) if "app" not in edit.path else make_plan(edit),
                   mode=InPlace(), backup_dir=backups)  # fmt: skip
    assert everything_in(source) == before
    assert not list(backups.iterdir())


@pytest.mark.parametrize(
    "path",
    [
        "../out.py",
        "/etc/out.py",
        "routes/../../out.py",
        ".git/hooks/post-commit",
        "a/.GIT/config",
        "",
        ".",
        "a\\..\\b",
        "x\0",
    ],
)
def test_a_path_out_of_the_tree_or_into_git_is_refused(source: Path, backups: Path, path: str):
    with pytest.raises(PlanRefusedError):
        apply_plan(source, make_plan(FileEdit(path=path, before=None, after="x")), mode=InPlace(), backup_dir=backups)


def test_no_link_is_followed(source: Path, backups: Path, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.py").write_text("x\n")
    (source / "linked").symlink_to(outside)
    (source / "a.py").symlink_to(outside / "a.py")
    for edit in (
        FileEdit(path="linked/a.py", before="x\n", after="y\n"),
        FileEdit(path="a.py", before="x\n", after="y\n"),
    ):
        with pytest.raises(PlanRefusedError, match="link"):
            apply_plan(source, make_plan(edit), mode=InPlace(), backup_dir=backups)
    assert (outside / "a.py").read_text() == "x\n"


def test_a_link_that_was_put_in_the_way_after_the_repair_is_not_followed_either(
    source: Path, backups: Path, tmp_path: Path
):
    plan = make_plan(FileEdit(path="routes/orders.py", before="ORDERS = []\n", after="ORDERS = {}\n"))
    applied = apply_plan(source, plan, mode=InPlace(), backup_dir=backups)
    (source / "routes").rename(tmp_path / "elsewhere")
    (source / "routes").symlink_to(tmp_path / "elsewhere")
    undone = applied.roll_back()
    assert "link" in undone.left[0]
    assert (tmp_path / "elsewhere/orders.py").read_text() == "ORDERS = {}\n"


def test_one_file_cannot_be_changed_twice_by_one_plan(source: Path, backups: Path):
    with pytest.raises(PlanRefusedError, match="twice"):
        apply_plan(source, make_plan(title_edit(), title_edit()), mode=InPlace(), backup_dir=backups)


@pytest.mark.parametrize("path", ["app.py/x.py", f"{'x' * 300}.py"])
def test_when_one_file_cannot_be_written_none_is(source: Path, backups: Path, path: str):
    before = everything_in(source)
    with pytest.raises(PlanFailedError) as caught:
        apply_plan(source, make_plan(title_edit(), FileEdit(path=path, before=None, after="x")), mode=InPlace(),
                   backup_dir=backups)  # fmt: skip
    assert caught.value.left == ()
    assert everything_in(source) == before


def test_a_file_with_the_longest_of_names_is_written(source: Path, backups: Path):
    plan = make_plan(FileEdit(path=f"{'x' * 252}.py", before=None, after="x"))
    assert apply_plan(source, plan, mode=InPlace(), backup_dir=backups).roll_back().left == ()


def test_lines_with_separators_of_unicode_survive(source: Path, backups: Path):
    before = "a = 'x\u2028y\x0c'\nb = 1\n"
    (source / "odd.py").write_bytes(before.encode())
    plan = make_plan(FileEdit(path="odd.py", before=before, after=before.replace("b = 1", "b = 2")))
    apply_plan(source, plan, mode=InPlace(), backup_dir=backups)
    assert (source / "odd.py").read_bytes() == before.replace("b = 1", "b = 2").encode()
