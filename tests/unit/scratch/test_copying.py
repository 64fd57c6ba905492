import os
import sqlite3

import pytest

from naosu.scratch import copying
from naosu.scratch.copying import copy_tree
from naosu.scratch.errors import SourceUnusableError


@pytest.fixture
def source(tmp_path):
    source = tmp_path / "source"
    (source / "shop").mkdir(parents=True)
    (source / "shop" / "app.py").write_text("app = 1\n")
    (source / ".env").write_text("SECRET=1\n")
    return source


@pytest.fixture
def target(tmp_path):
    return tmp_path / "target"


def names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_code_and_settings_are_copied(source, target):
    copy_tree(source, target)
    assert names(target) == {".env", "shop", "shop/app.py"}


@pytest.mark.parametrize(
    "folder", [".git", ".venv", "venv", "node_modules", "shop/__pycache__", ".mypy_cache", "x.egg-info"]
)
def test_what_only_costs_time_is_left_out(source, target, folder):
    (source / folder).mkdir()
    (source / folder / "file").write_text("x")
    copy_tree(source, target)
    assert names(target) == {".env", "shop", "shop/app.py"}


def test_an_environment_is_left_out_whatever_it_is_called(source, target):
    (source / "python311").mkdir()
    (source / "python311" / "pyvenv.cfg").write_text("home = /usr\n")
    copy_tree(source, target)
    assert "python311" not in names(target)


def test_a_sqlite_file_is_copied_with_what_is_only_in_its_log(source, target):
    database = sqlite3.connect(source / "app.db")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE t (x)")
    database.execute("INSERT INTO t VALUES (7)")
    database.commit()
    copy_tree(source, target)  # its writer still has it open
    assert "app.db-wal" not in names(target)
    assert sqlite3.connect(target / "app.db").execute("SELECT x FROM t").fetchall() == [(7,)]
    database.close()


def test_a_damaged_database_is_copied_as_it_is(source, target):
    (source / "app.db").write_bytes(b"SQLite format 3\x00" + b"\xff" * 100)
    copy_tree(source, target)
    assert (target / "app.db").read_bytes() == (source / "app.db").read_bytes()


def test_a_file_that_only_ends_like_a_log_is_copied(source, target):
    (source / "notes-wal").write_text("x")
    copy_tree(source, target)
    assert "notes-wal" in names(target)


def test_the_mode_of_a_file_is_kept(source, target):
    (source / ".env").chmod(0o600)
    copy_tree(source, target)
    assert (target / ".env").stat().st_mode & 0o777 == 0o600


def test_links_inside_the_tree_stay_links(source, target):
    (source / "latest").symlink_to("shop")
    (source / "absolute.py").symlink_to(source / "shop" / "app.py")
    copy_tree(source, target)
    assert os.readlink(target / "latest") == "shop"
    assert (target / "absolute.py").resolve() == (target / "shop" / "app.py").resolve()


def test_a_link_to_a_file_outside_becomes_that_file(source, target, tmp_path):
    (tmp_path / "outside.yml").write_text("a: 1")
    (source / "settings.yml").symlink_to(tmp_path / "outside.yml")
    copy_tree(source, target)
    assert not (target / "settings.yml").is_symlink()
    assert (target / "settings.yml").read_text() == "a: 1"


def test_a_link_to_a_folder_outside_is_left_out(source, target, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret").write_text("x")
    (source / "there").symlink_to(tmp_path / "elsewhere")
    copy_tree(source, target)
    assert "there" not in names(target)


def test_a_pipe_is_left_out_rather_than_read_for_ever(source, target):
    os.mkfifo(source / "pipe")
    copy_tree(source, target)
    assert "pipe" not in names(target)


def test_a_tree_that_is_too_large_is_refused(source, target, monkeypatch):
    monkeypatch.setattr(copying, "TREE_BYTES_MAX", 17)
    copy_tree(source, target)
    (source / "more").write_text("x")
    with pytest.raises(SourceUnusableError):
        copy_tree(source, target)


def test_a_tree_with_too_many_files_is_refused(source, target, monkeypatch):
    monkeypatch.setattr(copying, "FILES_MAX", 2)
    copy_tree(source, target)
    (source / "more").write_text("x")
    with pytest.raises(SourceUnusableError):
        copy_tree(source, target)


def test_what_is_no_folder_is_refused(tmp_path, target):
    with pytest.raises(SourceUnusableError):
        copy_tree(tmp_path / "absent", target)
