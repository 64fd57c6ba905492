from pathlib import Path

import pytest

from naosu.scratch.tree import DirectoryTree


@pytest.fixture
def plant(tmp_path: Path):
    def _plant(**options: int):
        return DirectoryTree(tmp_path, **options)

    return _plant


def write(root: Path, *paths: str, text: str = "x = 1\n") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def test_paths_are_relative_with_slashes_and_sorted(tmp_path, plant):
    write(tmp_path, "shop/views.py", "app.py", "shop/a/b.py", "notes.txt")
    assert plant().paths() == ("app.py", "shop/a/b.py", "shop/views.py")


def test_a_suffix_may_be_a_whole_name(tmp_path, plant):
    write(tmp_path, ".env", ".env.example", "alembic.ini")
    assert plant().paths(".ini") == ("alembic.ini",)
    assert plant().paths(".env") == (".env",)


@pytest.mark.parametrize("folder", [".venv", "venv", "node_modules", "__pycache__", ".git", "shop.egg-info"])
def test_what_is_not_the_applications_own_is_left_out(tmp_path, plant, folder):
    write(tmp_path, "app.py", f"{folder}/lib/thing.py")
    assert plant().paths() == ("app.py",)


def test_an_environment_is_recognised_by_what_it_holds_whatever_its_name(tmp_path, plant):
    write(tmp_path, "app.py", "python/pyvenv.cfg", "python/lib/thing.py")
    assert plant().paths() == ("app.py",)


def test_a_build_folder_is_left_out_unless_it_is_a_package(tmp_path, plant):
    write(tmp_path, "build/app.py", "dist/__init__.py", "dist/seller.py")
    assert plant().paths() == ("dist/__init__.py", "dist/seller.py")


def test_migrations_are_included(tmp_path, plant):
    write(tmp_path, "shop/migrations/0001_initial.py")
    assert plant().paths() == ("shop/migrations/0001_initial.py",)


def test_a_link_that_leads_outside_is_not_followed(tmp_path):
    write(tmp_path, "secret.py", "app/main.py")
    (tmp_path / "app/link.py").symlink_to(tmp_path / "secret.py")
    (tmp_path / "app/here.py").symlink_to(tmp_path / "app/main.py")
    assert DirectoryTree(tmp_path / "app").paths() == ("here.py", "main.py")


@pytest.mark.parametrize("path", ["../secret.py", "/etc/hostname", "absent.py", "", "nul\0.py"])
def test_no_text_comes_from_outside_or_from_nowhere(tmp_path, path):
    write(tmp_path, "secret.py", "app/main.py")
    assert DirectoryTree(tmp_path / "app").text(path) is None


def test_text_keeps_its_line_ends(tmp_path, plant):
    (tmp_path / "app.py").write_bytes(b"x = 1\r\ny = 2\r\n")
    assert plant().text("app.py") == "x = 1\r\ny = 2\r\n"
    assert plant().module("app.py").code == "x = 1\r\ny = 2\r\n"


def test_a_file_of_the_greatest_size_is_read_and_a_larger_one_is_not(tmp_path, plant):
    write(tmp_path, "fits.py", text="x" * 100)
    write(tmp_path, "large.py", text="x" * 101)
    tree = plant(file_bytes_max=100)
    assert (tree.text("fits.py"), tree.text("large.py")) == ("x" * 100, None)


def test_no_more_files_are_seen_than_allowed(tmp_path, plant):
    write(tmp_path, *(f"m{number}.py" for number in range(9)))
    assert len(plant(files_max=5).paths()) == 5


def test_bytes_that_are_no_text_are_none(tmp_path, plant):
    (tmp_path / "latin.py").write_bytes(b"x = '\xe9'\n")
    assert plant().text("latin.py") is None
    assert plant().module("latin.py") is None


def test_what_does_not_parse_is_none_and_is_skipped(tmp_path, plant):
    write(tmp_path, "broken.py", text="def broken(:\n")
    write(tmp_path, "whole.py")
    assert plant().module("broken.py") is None
    assert [path for path, _ in plant().modules()] == ["whole.py"]


def test_a_file_is_parsed_once(tmp_path, plant):
    write(tmp_path, "app.py")
    tree = plant()
    assert tree.module("app.py") is tree.module("app.py")


def test_only_modules_with_any_of_the_needles_are_parsed(tmp_path, plant):
    write(tmp_path, "a.py", text="import jwt\n")
    write(tmp_path, "b.py", text="import sqlalchemy\n")
    write(tmp_path, "c.py")
    assert [path for path, _ in plant().modules("jwt", "sqlalchemy")] == ["a.py", "b.py"]


LAYOUTS = {
    "one file": (["app.py"], "app.py", "app"),
    "package": (["shop/__init__.py", "shop/api.py"], "shop/api.py", "shop.api"),
    "the package itself": (["shop/__init__.py"], "shop/__init__.py", "shop"),
    "folder without init": (["app.py", "routers/orders.py"], "routers/orders.py", "routers.orders"),
    "src layout": (["src/shop/__init__.py", "src/shop/api.py"], "src/shop/api.py", "shop.api"),
    "src as a package": (["src/__init__.py", "src/api.py"], "src/api.py", "src.api"),
    "project folder": (["backend/pyproject.toml", "backend/app/main.py"], "backend/app/main.py", "app.main"),
    "django in a folder": (["site/manage.py", "site/catalog/models.py"], "site/catalog/models.py", "catalog.models"),
}


@pytest.mark.parametrize(("files", "path", "dotted"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_file_and_the_name_by_which_it_is_imported_lead_to_each_other(tmp_path, plant, files, path, dotted):
    write(tmp_path, *files)
    assert plant().dotted(path) == dotted
    assert plant().find_module(dotted) == path


def test_a_folder_whose_files_import_one_another_by_bare_names_is_an_import_root(tmp_path, plant):
    write(tmp_path, "services/api/models.py")
    write(tmp_path, "services/api/server.py", text="from models import Item\n")
    assert plant().find_module("models") == "services/api/models.py"
    assert plant().dotted("services/api/models.py") == "models"


def test_a_folder_is_no_import_root_because_a_file_in_it_is_named_like_a_library(tmp_path, plant):
    write(tmp_path, "app.py", text="import json\n")
    write(tmp_path, "routers/json.py")
    assert plant().find_module("json") is None


def test_a_project_that_is_imported_through_its_folder_keeps_that_name(tmp_path, plant):
    write(tmp_path, "backend/pyproject.toml", "backend/db.py")
    write(tmp_path, "backend/main.py", text="from backend.db import x\n")
    assert plant().dotted("backend/db.py") == "backend.db"


def test_a_library_is_not_a_module_of_the_application(tmp_path, plant):
    write(tmp_path, "app.py")
    assert plant().find_module("fastapi") is None
