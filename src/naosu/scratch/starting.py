"""How an application is started: as it was told, or by reading its source."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import msgspec

from naosu.scratch.applications import Application, find_application
from naosu.scratch.errors import SourceUnusableError
from naosu.scratch.interpreter import find_interpreter

_MODULES_BY_PROGRAM = {
    "uvicorn": "uvicorn", "flask": "flask", "gunicorn": "gunicorn", "hypercorn": "hypercorn", "granian": "granian",
    "fastapi": "fastapi", "pytest": "pytest", "django-admin": "django", "daphne": "daphne",
    "waitress-serve": "waitress",
}  # fmt: skip

_USUAL_PORTS = (8000, 5000, 8080)


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """How to start an application.

    Attributes:
        argv: ``{port}`` stands for the port.
        environment: What it needs beside a clean environment.
        cwd: Relative to the source tree.
        fixed_ports: Where it may listen although it was told nothing, as its command does not say ``{port}``.
        application: What was found in the source. None: nothing was.
    """

    argv: tuple[str, ...]
    python: Path
    environment: dict[str, str] = {}
    cwd: str = "."
    fixed_ports: tuple[int, ...] = ()
    application: Application | None = None


def find_start(source: Path, *, python: Path | None, start: str | None) -> Start:
    """Return how to start the application in a source tree.

    Raises:
        SourceUnusableError: Nothing was told, and nothing found that could be started.
    """
    application = find_application(source)
    words = shlex.split(start) if start else []
    variables = leading_variables(words)
    words = words[len(variables) :]
    needs = application.framework if application else ""
    interpreter = find_interpreter(source, python=python, named=words[0] if words else "", needs=needs)
    roots = {"PYTHONPATH": ":".join(application.roots)} if application and application.roots else {}
    if words:
        argv = with_interpreter(words, interpreter)
        return Start(
            argv=argv,
            python=interpreter,
            environment={**roots, **variables},
            fixed_ports=() if any("{port}" in word for word in words) else (*_ports(words), *_USUAL_PORTS),
            application=application,
        )
    if application is None:
        raise SourceUnusableError(
            f"no FastAPI, Starlette, Flask or Django application was found in {source}",
            mend='Say how to start it: --start "python -m uvicorn app:app --port {port}"',
        )
    return Start(
        argv=(str(interpreter), *application.arguments),
        python=interpreter,
        environment=roots,
        cwd=application.cwd,
        application=application,
    )


def _ports(words: Sequence[str]) -> list[int]:
    """Return the numbers of a command that may be its port: ``--port 9000``, ``--bind=0.0.0.0:9000``."""
    found = [match for word in words if (match := re.search(r"(?:^|[:=])(\d{4,5})$", word))]
    return [int(match.group(1)) for match in found]


def with_interpreter(words: Sequence[str], python: Path) -> tuple[str, ...]:
    """Return a command that runs with this interpreter, where it is a Python program that we know."""
    name = Path(words[0]).name
    if name.startswith("python"):
        return (str(python), *words[1:])
    if name in _MODULES_BY_PROGRAM:
        return (str(python), "-m", _MODULES_BY_PROGRAM[name], *words[1:])
    beside = python.parent / name
    return (str(beside) if beside.exists() and "/" not in words[0] else words[0], *words[1:])


def leading_variables(words: Sequence[str]) -> dict[str, str]:
    """Return the variables that a command sets for itself: ``A=1 B=2 program``."""
    variables: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            break
        variables[name] = value
    return variables
