import sys
from pathlib import Path

import pytest

from naosu.scratch.errors import SourceUnusableError
from naosu.scratch.interpreter import find_interpreter
from naosu.scratch.starting import find_start, with_interpreter

PYTHON = Path("/opt/env/bin/python")
FASTAPI = "from fastapi import FastAPI\napp = FastAPI()\n"


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ("python -m uvicorn app:app --port {port}", [str(PYTHON), "-m", "uvicorn", "app:app", "--port", "{port}"]),
        ("python3.12 run.py {port}", [str(PYTHON), "run.py", "{port}"]),
        ("uvicorn app:app --port {port}", [str(PYTHON), "-m", "uvicorn", "app:app", "--port", "{port}"]),
        ("gunicorn -b 127.0.0.1:{port} app:app", [str(PYTHON), "-m", "gunicorn", "-b", "127.0.0.1:{port}", "app:app"]),
        ("/usr/bin/env x", ["/usr/bin/env", "x"]),
    ],
)
def test_a_command_runs_with_the_applications_interpreter(command, argv):
    assert list(with_interpreter(command.split(), PYTHON)) == argv


def test_variables_before_a_command_are_its_environment(tmp_path):
    start = find_start(tmp_path, python=PYTHON, start="MODE=dev A=b=c uvicorn app:app --port {port}")
    assert start.environment == {"MODE": "dev", "A": "b=c"}
    assert start.argv[:3] == (str(PYTHON), "-m", "uvicorn")


def test_what_was_told_wins_over_what_was_found(tmp_path):
    (tmp_path / "app.py").write_text(FASTAPI)
    start = find_start(tmp_path, python=PYTHON, start="python serve.py {port}")
    assert start.argv == (str(PYTHON), "serve.py", "{port}")


def test_the_place_of_imports_is_known_also_when_the_command_was_told(tmp_path):
    (tmp_path / "src" / "shop").mkdir(parents=True)
    (tmp_path / "src" / "shop" / "__init__.py").touch()
    (tmp_path / "src" / "shop" / "main.py").write_text(FASTAPI + "import shop\n")
    start = find_start(tmp_path, python=PYTHON, start="uvicorn shop.main:app --port {port}")
    assert start.environment == {"PYTHONPATH": "src"}


def test_where_nothing_is_told_nor_found_it_says_what_to_tell(tmp_path):
    with pytest.raises(SourceUnusableError) as refused:
        find_start(tmp_path, python=PYTHON, start=None)
    assert "--start" in refused.value.mend


def make_python(path):
    path.parent.mkdir(parents=True)
    path.symlink_to(sys.executable)
    return path


def test_an_interpreter_that_is_given_is_taken(tmp_path):
    make_python(tmp_path / ".venv" / "bin" / "python")
    assert find_interpreter(tmp_path, python=PYTHON, named="", needs="") == PYTHON


def test_a_venv_in_the_source_is_preferred_and_its_link_is_kept(tmp_path):
    python = make_python(tmp_path / ".venv" / "bin" / "python")
    assert find_interpreter(tmp_path, python=None, named="", needs="") == python


def test_the_active_venv_is_next(tmp_path, monkeypatch):
    python = make_python(tmp_path / "elsewhere" / "bin" / "python")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "elsewhere"))
    (tmp_path / "source").mkdir()
    assert find_interpreter(tmp_path / "source", python=None, named="", needs="") == python


def test_an_interpreter_without_the_framework_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    bare = tmp_path / ".venv" / "bin" / "python"
    bare.parent.mkdir(parents=True)
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    (tmp_path / "with" / "bin").mkdir(parents=True)
    able = tmp_path / "with" / "bin" / "python3"
    able.write_text("#!/bin/sh\nexit 0\n")
    able.chmod(0o755)
    monkeypatch.setenv("PATH", f"{able.parent}:/usr/bin:/bin")
    assert find_interpreter(tmp_path, python=None, named="", needs="fastapi") == able
