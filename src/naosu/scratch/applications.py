"""Finds the web application in a source tree by reading it: nothing of it is run."""

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec

from naosu.scratch.copying import walk
from naosu.scratch.hints import is_named, mounted_in, served_targets, targets_in

_CLASSES = {
    "fastapi.FastAPI": "fastapi",
    "fastapi.applications.FastAPI": "fastapi",
    "starlette.applications.Starlette": "starlette",
    "flask.Flask": "flask",
    "flask.app.Flask": "flask",
}
_FACTORY_NAMES = (
    "create_app",
    "make_app",
    "build_app",
    "get_app",
    "app_factory",
    "create_application",
    "get_application",
)
_APP_NAMES = ("app", "application", "api", "asgi_app", "wsgi_app", "asgi", "wsgi")
_MODULE_NAMES = ("main", "app", "asgi", "wsgi", "application", "server", "api", "run", "__init__", "__main__")
_ASIDE = frozenset({"tests", "test", "examples", "example", "docs", "scripts", "migrations", "alembic", "benchmarks"})
_FILE_BYTES_MAX = 1_000_000
_ELSEWHERE = "elsewhere"
_PROJECT_MARKS = (
    "requirements.txt", "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "alembic.ini", "Dockerfile", "Procfile",
    ".env",
)  # fmt: skip


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """An application that was found.

    Attributes:
        framework: The module that its interpreter must have: ``fastapi``, ``starlette``, ``flask``, ``django``.
        target: ``module:name``; for Django the path of ``manage.py``.
        is_factory: The name is a function that makes it.
        arguments: For the interpreter; ``{port}`` stands for the port.
        cwd: Relative to the source tree.
        roots: Folders from which it imports, relative to the working folder, where that is not enough itself.
    """

    framework: str
    target: str
    is_factory: bool = False
    arguments: tuple[str, ...] = ()
    cwd: str = "."
    roots: tuple[str, ...] = ()


class _Candidate(msgspec.Struct, frozen=True, kw_only=True):
    path: Path
    framework: str
    name: str
    is_factory: bool


def find_application(source: Path) -> Application | None:
    """Return the application that this tree serves: the most likely, if there are several. None: there is none."""
    everything = [path for path in walk(source) if path.is_file()]
    files = [path for path in everything if path.suffix == ".py"]
    managers = [path for path in files if path.name == "manage.py" and "django" in _text(path)]
    if managers:
        return _django(source, min(managers, key=lambda path: len(path.parts)))
    candidates = _resolved(list(_candidates(source, files)))
    if not candidates:
        return None
    trees = [tree for path in files if ".run(" in (text := _text(path)) or ".mount(" in text if (tree := _parse(path))]
    hinted = served_targets(everything) | {target for tree in trees for target in targets_in(tree)}
    mounted = {name for tree in trees for name in mounted_in(tree)}
    return _served(source, min(candidates, key=lambda candidate: _rank(source, candidate, hinted, mounted)))


def _django(source: Path, manage: Path) -> Application:
    cwd = manage.parent.relative_to(source)
    return Application(
        framework="django",
        target=str(manage.relative_to(source)),
        arguments=("manage.py", "runserver", "--noreload", "127.0.0.1:{port}"),
        cwd=str(cwd),
    )


def _served(source: Path, candidate: _Candidate) -> Application:
    root, module = import_root(source, candidate.path)
    target = f"{module}:{candidate.name}"
    if candidate.framework == "flask":
        arguments: tuple[str, ...] = ("-m", "flask", "--app", target, "run", "--port", "{port}")
    else:
        factory = ("--factory",) if candidate.is_factory else ()
        arguments = ("-m", "uvicorn", target, *factory, "--port", "{port}")
    cwd = _working_folder(source, root)
    return Application(
        framework=candidate.framework,
        target=target,
        is_factory=candidate.is_factory,
        arguments=arguments,
        cwd=str(cwd.relative_to(source)),
        roots=() if root == cwd else (str(root.relative_to(cwd)),),
    )


def _working_folder(source: Path, root: Path) -> Path:
    """Return the folder in which people run it: the nearest that looks like a project's own, else the source itself."""
    for folder in (root, *root.parents):
        if folder == source or any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder
    return source


def import_root(source: Path, path: Path) -> tuple[Path, str]:
    """Return the folder from which a file is imported, and its dotted name from there.

    Where packages do not say it, the file's own imports do: the folder from which most of them are found.
    """
    tree = _parse(path)
    firsts = {name.partition(".")[0] for name in _absolute_imports(tree)} if tree else set()
    needs_package = any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree)) if tree else False
    top = path.parent
    while top != source and (top / "__init__.py").exists():
        top = top.parent
    folders = [folder for folder in (path.parent, *path.parent.parents) if folder.is_relative_to(source)]
    if needs_package and len(folders) > 1:
        folders = folders[1:]

    def found(folder: Path) -> int:
        return sum((folder / f"{first}.py").exists() or (folder / first).is_dir() for first in firsts)

    root = max(folders, key=lambda folder: (found(folder), folder == top, folder == source))
    parts = path.relative_to(root).with_suffix("").parts
    return root, ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _candidates(source: Path, files: list[Path]) -> Iterator[_Candidate]:
    for path in files:
        if not any(f"{word}" in _text(path) for word in ("FastAPI", "Starlette", "Flask", *_FACTORY_NAMES)):
            continue
        if (tree := _parse(path)) is not None:
            yield from _in_module(path, tree)


def _resolved(candidates: list[_Candidate]) -> list[_Candidate]:
    """Give those that come from a factory elsewhere the framework of that factory."""
    known = [candidate.framework for candidate in candidates if candidate.framework != _ELSEWHERE]
    return [
        candidate if candidate.framework != _ELSEWHERE else msgspec.structs.replace(candidate, framework=known[0])
        for candidate in candidates
        if known
    ]


def _in_module(path: Path, tree: ast.Module) -> Iterator[_Candidate]:
    names = _imported(tree)
    factories: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            framework = next((kind for call in ast.walk(node) if (kind := _framework(call, names))), "")
            if framework and _returns(node) and not _required(node):
                factories[node.name] = framework
                yield _Candidate(path=path, framework=framework, name=node.name, is_factory=True)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            kind = _framework(node.value, names) or _from_factory(node.value, factories, names)
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if kind and isinstance(target, ast.Name):
                    yield _Candidate(path=path, framework=kind, name=target.id, is_factory=False)


def _from_factory(value: ast.expr, factories: dict[str, str], names: dict[str, str]) -> str:
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
        return ""
    called = value.func.id
    if called in factories:
        return factories[called]
    if called in names and names[called].rpartition(".")[2] in _FACTORY_NAMES:
        return _ELSEWHERE
    return ""


def _framework(node: ast.AST, names: dict[str, str]) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return _CLASSES.get(_dotted(node.func, names), "")


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return ""


def _imported(tree: ast.Module) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(
                {
                    alias.asname or alias.name.partition(".")[0]: (alias.asname and alias.name)
                    or alias.name.partition(".")[0]
                    for alias in node.names
                }
            )
        elif isinstance(node, ast.ImportFrom):
            names.update({alias.asname or alias.name: f"{node.module or ''}.{alias.name}" for alias in node.names})
    return names


def _absolute_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _returns(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(inner, ast.Return) and inner.value is not None for inner in ast.walk(node))


def _required(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = node.args
    positional = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return positional > 0 or any(default is None for default in arguments.kw_defaults)


def _rank(source: Path, candidate: _Candidate, hinted: set[tuple[str, str]], mounted: set[str]) -> tuple[int, ...]:
    """Rank a candidate; the smallest is the most likely."""
    place = candidate.path.relative_to(source)
    folders = place.parts[:-1]
    names = _FACTORY_NAMES if candidate.is_factory else _APP_NAMES
    return (
        not is_named(candidate.path, candidate.name, hinted),
        candidate.name in mounted,
        any(part in _ASIDE or part.startswith("test") for part in (*folders, place.stem)),
        candidate.is_factory,
        names.index(candidate.name) if candidate.name in names else len(names),
        _MODULE_NAMES.index(place.stem) if place.stem in _MODULE_NAMES else len(_MODULE_NAMES),
        len(folders),
    )


def _parse(path: Path) -> ast.Module | None:
    try:
        return ast.parse(_text(path))
    except (SyntaxError, ValueError, RecursionError):
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace") if path.stat().st_size <= _FILE_BYTES_MAX else ""
    except OSError:
        return ""
