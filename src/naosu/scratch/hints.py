"""What files beside an application's code say about how it is served: a Procfile, a Dockerfile, a script."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_SERVERS = re.compile(r"\b(uvicorn|gunicorn|hypercorn|granian|daphne|flask|fastapi|waitress)\b")
_TARGET = re.compile(r"(?<![\w.:/])([A-Za-z_][\w.]*):([A-Za-z_]\w*)")
_NAMES = ("procfile", "dockerfile", "docker-compose", "compose.", "makefile", "pyproject.toml", "entrypoint", "readme")
_SUFFIXES = (".sh", ".service", ".ini", ".conf")
_TEXT_BYTES_MAX = 100_000


def served_targets(files: Sequence[Path]) -> set[tuple[str, str]]:
    """Return module and name of what any of these files says that a server serves."""
    targets: set[tuple[str, str]] = set()
    for path in files:
        named = path.name.lower()
        if named.startswith(_NAMES) or path.suffix in _SUFFIXES:
            lines = [line for line in _text(path).splitlines() if _SERVERS.search(line)]
            targets.update(found for line in lines for found in _TARGET.findall(line))
    return targets


def targets_in(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what a module serves when it is run itself: ``uvicorn.run("shop.main:app")``."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "run"
            and node.args
        ):
            target = node.args[0]
            if isinstance(target, ast.Constant) and isinstance(target.value, str):
                yield from _TARGET.findall(target.value)


def mounted_in(tree: ast.Module) -> Iterator[str]:
    """Yield the names of applications that a module puts below another: ``app.mount("/admin", admin_app)``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "mount":
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                if isinstance(argument, ast.Name):
                    yield argument.id


def is_named(path: Path, name: str, targets: set[tuple[str, str]]) -> bool:
    """Whether one of these targets is this name in this file, from whatever folder it is imported."""
    parts = path.with_suffix("").parts
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    for module, target in targets:
        words = tuple(module.split("."))
        if target == name and parts[-len(words) :] == words:
            return True
    return False


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace") if path.stat().st_size <= _TEXT_BYTES_MAX else ""
    except OSError:
        return ""
