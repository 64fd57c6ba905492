import subprocess
import sys

import click
import pytest

from naosu.cli import main as cli
from naosu.domain.errors import NaosuError


class BrokenError(NaosuError):
    code = "test.broken"


@pytest.fixture
def failing(monkeypatch):
    def use(error: BaseException) -> None:
        @click.command("status")
        def command() -> None:
            raise error

        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda self, ctx, name: command)

    return use


def test_every_command_named_in_the_help_exists_and_says_the_same():
    context = click.Context(cli.naosu)
    for name in cli.COMMANDS:
        command = cli.naosu.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help


def test_help_imports_no_command():
    program = "import sys; from naosu.cli.main import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & {"fastapi", "sqlalchemy", "httpx", "rich", "yaml", "naosu.cli.serve", "pydantic", "asyncio"}


def test_an_error_is_one_line_and_its_mend(failing, capsys):
    failing(BrokenError("the disk is full", mend="Free some."))
    assert cli.run(["status"]) == 3
    assert capsys.readouterr().err == "naosu: the disk is full\n  Free some.\n"


def test_wrong_use_exits_with_2(capsys):
    assert cli.run(["no-such-command"]) == 2
    assert "No such command" in capsys.readouterr().err


def test_a_missing_argument_exits_with_2(capsys):
    assert cli.run(["project", "create"]) == 2


def test_a_defect_prints_no_traceback(failing, capsys):
    failing(ZeroDivisionError("oops"))
    assert cli.run(["status"]) == 3
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert "ZeroDivisionError: oops" in err


def test_a_traceback_can_be_asked_for(failing, monkeypatch):
    monkeypatch.setenv("NAOSU_TRACEBACK", "1")
    failing(ZeroDivisionError("oops"))
    with pytest.raises(ZeroDivisionError):
        cli.run(["status"])


def test_an_interrupted_question_exits_with_3(failing, capsys):
    failing(click.Abort())
    assert cli.run(["status"]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_the_version_is_printed(capsys):
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("naosu, version ")
