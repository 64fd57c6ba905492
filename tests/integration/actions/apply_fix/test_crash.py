import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from naosu.actions.apply_fix import Commit, Ending, apply_plan, forget, reopen, resume, state_of, undo_plan
from naosu.domain.repair import FileEdit, Plan, SqlChange

from .killed import boundaries_of, end, killed_at, put, put_and_roll_back
from .world import git, make_database, make_plan, make_repository, run_sql, secret_edit, title_edit

SQL = (
    "ALTER TABLE users ADD COLUMN rank INTEGER DEFAULT 3",
    "CREATE TABLE tasks (id INTEGER)",
    "PRAGMA journal_mode=WAL",
)
PLAN = make_plan(
    title_edit(),
    secret_edit(),
    FileEdit(path="models/user.py", before=None, after="USER = 1\n"),
    FileEdit(path="routes/orders.py", before="ORDERS = []\n", after=None),
    sql=(SqlChange(database="sqlite:///shop.db", statements=SQL),),
)  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with half-done work, and a database."""
    folder = tmp_path_factory.mktemp("template")
    source = make_repository(folder)
    make_database(source / "shop.db")
    (source / "half.py").write_text("STAGED = 1\n")
    git(source, "add", "half.py")
    (source / "half.py").write_text("HALF = 1\n")
    return folder


def worlds(template: Path, tmp_path: Path, boundaries: Iterable[int]) -> Iterator[tuple[int, Path, Path]]:
    """Yield each boundary with a fresh copy of the world, and a folder for backups."""
    for boundary in boundaries:
        world = tmp_path / str(boundary)
        shutil.copytree(template, world)
        yield boundary, world / "shop", world / "backups"
        shutil.rmtree(world)


def count_boundaries(template: Path, tmp_path: Path, work: Callable[..., Any]) -> int:
    shutil.copytree(template, tmp_path / "counted")
    return boundaries_of(work, tmp_path / "counted/shop", PLAN, tmp_path / "counted/backups")


def seen(source: Path, plan: Plan) -> tuple[Any, ...]:
    """Everything that a plan may touch, and what else could have been left about.

    A journal of SQLite's own that never began to count may stay until the next write: SQLite knows it for void.
    """
    paths = (path for path in source.rglob("*") if ".git/" not in str(path) and path.name != "shop.db-journal")
    files = sorted(str(path.relative_to(source)) for path in paths)
    rows = run_sql(source / "shop.db", "SELECT id, name FROM users")
    return state_of(source, plan), files, rows, git(source, "status", "--porcelain"), git(source, "diff", "--cached")


def check_every_ending(
    template: Path, tmp_path: Path, work: Callable[..., Any], boundaries: Iterable[int]
) -> set[Ending]:
    """Kill the work at each boundary, and resume: all must be as it was before, or wholly in force."""
    endings: set[Ending] = set()
    before = seen(template / "shop", PLAN)
    for boundary, source, backups in worlds(template, tmp_path, boundaries):
        assert killed_at(boundary, work, source, PLAN, backups), boundary
        resumed = resume(backups)
        endings.update(ended.ending for ended in resumed)
        assert [ended.left for ended in resumed if ended.left] == [], boundary
        if [ended.ending for ended in resumed] == [Ending.IN_FORCE]:
            applied = reopen(resumed[0].folder)
            assert applied is not None
            assert (source / "app.py").read_text().endswith("'mended'\n")
            assert applied.roll_back().left == ()
        assert seen(source, PLAN) == before, boundary
        assert resume(backups) == (), "it is ended once"
    return endings


def test_an_application_killed_anywhere_is_undone_or_wholly_in_force(template: Path, tmp_path: Path):
    total = count_boundaries(template, tmp_path, put)
    boundaries = [*range(1, total, 61), *range(total * 3 // 4, total, 11), total]
    endings = check_every_ending(template, tmp_path, put, boundaries)
    assert endings == set(Ending)


def test_a_rollback_killed_anywhere_is_brought_to_its_end(template: Path, tmp_path: Path):
    total = count_boundaries(template, tmp_path, put_and_roll_back)
    applied = count_boundaries(template, tmp_path / "first", put)
    endings = check_every_ending(template, tmp_path, put_and_roll_back, range(applied + 1, total, 37))
    assert Ending.ROLLED_BACK in endings


def test_resuming_killed_anywhere_is_resumed(template: Path, tmp_path: Path):
    before, total = seen(template / "shop", PLAN), count_boundaries(template, tmp_path, put)
    was_interrupted = set()
    for boundary, source, backups in worlds(template, tmp_path, range(1, 1000, 41)):
        assert killed_at(total - boundary % 90, put, source, PLAN, backups)
        was_interrupted.add(killed_at(boundary, end, backups))
        for ended in resume(backups):
            if ended.ending is Ending.IN_FORCE:
                reopen(ended.folder).roll_back()
        assert seen(source, PLAN) == before, boundary
    assert True in was_interrupted


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("work", [put, put_and_roll_back])
def test_at_each_single_boundary(template: Path, tmp_path: Path, work: Callable[..., Any]):
    total = count_boundaries(template, tmp_path, work)
    assert check_every_ending(template, tmp_path, work, range(1, total)) == set(Ending)


def test_what_another_process_works_on_is_left_to_it(template: Path, tmp_path: Path):
    shutil.copytree(template, tmp_path / "world")
    source, backups = tmp_path / "world/shop", tmp_path / "world/backups"
    applied = apply_plan(source, PLAN, mode=Commit(), backup_dir=backups)
    assert resume(backups) == ()
    assert reopen(applied.folder) is None
    assert applied.roll_back().left == ()


def test_what_is_kept_is_not_touched_again(template: Path, tmp_path: Path):
    shutil.copytree(template, tmp_path / "world")
    source, backups = tmp_path / "world/shop", tmp_path / "world/backups"
    applied = apply_plan(source, PLAN, mode=Commit(), backup_dir=backups)
    applied.keep()
    assert resume(backups) == ()
    assert reopen(applied.folder) is None
    assert state_of(source, PLAN) == applied.after


def test_the_plan_of_a_process_that_died_is_undone_by_its_key_and_the_answer_stays_the_same(
    template: Path, tmp_path: Path
):
    shutil.copytree(template, tmp_path / "world")
    source, backups = tmp_path / "world/shop", tmp_path / "world/backups"
    before = seen(source, PLAN)
    total = count_boundaries(template, tmp_path, put)
    assert killed_at(total - 40, put, source, PLAN, backups)
    run_sql(source / "shop.db", "INSERT INTO tasks VALUES (1)")
    assert undo_plan(backups, "another") == ()
    left = undo_plan(backups, PLAN.key)
    assert "table tasks stays" in left[0]
    assert undo_plan(backups, PLAN.key) == left
    assert seen(source, PLAN)[2:] == before[2:]


def test_only_what_is_over_and_left_nothing_is_forgotten(template: Path, tmp_path: Path):
    shutil.copytree(template, tmp_path / "world")
    source, backups = tmp_path / "world/shop", tmp_path / "world/backups"
    apply_plan(source, PLAN, mode=Commit(), backup_dir=backups).roll_back()
    apply_plan(source, PLAN, mode=Commit(), backup_dir=backups).release()
    now_s = time.time() + 100
    assert forget(backups, older_than_s=200, now_s=now_s) == 0
    assert forget(backups, older_than_s=50, now_s=now_s) == 1
    assert [ended.ending for ended in resume(backups)] == [Ending.IN_FORCE]
    assert undo_plan(backups, PLAN.key) == ()
