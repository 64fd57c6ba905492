"""Names of environment variables from which an application reads where its database is."""

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from naosu.scratch.copying import walk

_NAME = re.compile(r"(?=.*(DB|DATABASE|PG|POSTGRES|SQL))[A-Z][A-Z0-9_]*(URL|URI|DSN)")
_FILE_BYTES_MAX = 500_000
_DOTENV = (".env", ".flaskenv", ".env.local")


def database_variables(source: Path, databases: Sequence[str], inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that lead an application to the first database that was given.

    One that is set in our own environment keeps its value where that is the same server: an application may add the
    database's name itself. One that the application's own ``.env`` file sets is left to it.
    """
    if not databases:
        return {}
    set_by_file = _in_dotenv(source)
    return {
        name: inherited[name] if _is_same_server(inherited.get(name, ""), databases) else databases[0]
        for name in _read_names(source)
        if name not in set_by_file
    }


def _read_names(source: Path) -> list[str]:
    names: dict[str, None] = {}
    for path in walk(source):
        if path.suffix != ".py" or not path.is_file() or path.stat().st_size > _FILE_BYTES_MAX:
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _NAME.fullmatch(node.value):
                names[node.value] = None
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                names |= {upper: None for upper in [node.target.id.upper()] if _NAME.fullmatch(upper)}
    return list(names)


def _in_dotenv(source: Path) -> set[str]:
    lines = [line for name in _DOTENV if (source / name).is_file() for line in (source / name).read_text().splitlines()]
    pairs = [line.strip().removeprefix("export ").partition("=") for line in lines]
    return {name.strip() for name, _, value in pairs if value.strip()}


def _is_same_server(value: str, databases: Sequence[str]) -> bool:
    def server(url: str) -> tuple[str, str | None, int | None] | None:
        try:
            parsed = make_url(url)
        except ArgumentError:
            return None
        return parsed.get_backend_name(), parsed.host, parsed.port

    return bool(value) and server(value) in {server(database) for database in databases}
