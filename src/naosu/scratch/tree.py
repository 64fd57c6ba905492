"""A directory as a source tree: which files are the application's own, parsed once."""

import ast
import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import libcst

FILE_BYTES_MAX = 1_000_000
FILES_MAX = 20_000
_NOT_OURS = frozenset({
    "__pycache__", "node_modules", "bower_components", "site-packages", "dist-packages", "venv", "virtualenv",
    "htmlcov",
})  # fmt: skip
_OUTPUT = frozenset({"build", "dist", "target", "wheels"})
"""Folders that are made by building, unless they are packages."""
_ROOT_MARKS = frozenset({
    "manage.py", "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "alembic.ini", "Dockerfile",
    "Procfile", "tox.ini",
})  # fmt: skip


class DirectoryTree:
    """Satisfies `naosu.ports.fixer.SourceTree`. What it has read it keeps: make a new one once files have changed."""

    def __init__(self, root: Path, *, file_bytes_max: int = FILE_BYTES_MAX, files_max: int = FILES_MAX) -> None:
        """Look at a directory. Files over the size count as absent; past the number, the rest is not seen."""
        self.root = root.resolve()
        self._file_bytes_max = file_bytes_max
        self._files_max = files_max
        self._texts: dict[str, str | None] = {}
        self._modules: dict[str, libcst.Module | None] = {}

    def paths(self, suffix: str = ".py") -> tuple[str, ...]:
        """Return the files with this suffix, sorted."""
        return tuple(path for path in self._files if path.endswith(suffix))

    def text(self, path: str) -> str | None:
        """Return a file's text, its line ends as they are. None: it is absent, outside, too large, or no UTF-8."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def module(self, path: str) -> libcst.Module | None:
        """Return a Python file, parsed. None: it is absent, or does not parse."""
        if path not in self._modules:
            self._modules[path] = _parse(self.text(path))
        return self._modules[path]

    def modules(self, *needles: str) -> Iterator[tuple[str, libcst.Module]]:
        """Yield the Python files whose text contains any of these (all of them without needles), parsed."""
        for path in self.paths():
            text = self.text(path)
            if text is None or (needles and not any(needle in text for needle in needles)):
                continue
            if (module := self.module(path)) is not None:
                yield path, module

    def find_module(self, dotted: str) -> str | None:
        """Return the path of an importable module of the application, from any of its import roots."""
        inside = dotted.replace(".", "/")
        for root in self.import_roots:
            for candidate in (f"{root}{inside}.py", f"{root}{inside}/__init__.py"):
                if candidate in self._known:
                    return candidate
        return None

    def dotted(self, path: str) -> str:
        """Return the name by which the application imports a file: the shortest whose first part it does import."""
        names = [
            _dotted(path.removeprefix(root))
            for root in sorted(self.import_roots, key=len, reverse=True)
            if path.startswith(root)
        ]
        imported = (name for name in names if name.partition(".")[0] in self._imported)
        return next(imported, names[0] if names else _dotted(path))

    @cached_property
    def import_roots(self) -> tuple[str, ...]:
        """The folders from which the application's modules are imported, each with its slash; the directory is ``""``.

        The directory and ``src/`` come first, then folders that are no packages themselves and hold a project's
        own file, or whose files import one another by their bare names.
        """
        first = [root for root in ("", "src/") if f"{root}__init__.py" not in self._known]
        folders = sorted(self._folders, key=lambda folder: (folder.count("/"), folder))
        return tuple(dict.fromkeys([*(first or [""]), *(folder for folder in folders if self._is_root(folder))]))

    def _is_root(self, folder: str) -> bool:
        inside = self._children(folder)
        if not inside or self._is_in_package(folder):
            return False
        if any(f"{folder}{mark}" in self._known for mark in _ROOT_MARKS):
            return True
        known_above = self._children("") | self._children("src/")
        return bool(inside & self._imported_below(folder) - known_above)

    def _is_in_package(self, folder: str) -> bool:
        parts = folder.rstrip("/").split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return any(f"{name}/__init__.py" in self._known for name in above)

    def _children(self, folder: str) -> set[str]:
        """Return the names that could be imported from a folder."""
        inside = (path.removeprefix(folder) for path in self.paths() if path.startswith(folder))
        return {name.removesuffix(".py") for name in (path.partition("/")[0] for path in inside)} - {"__init__"}

    @cached_property
    def _imports(self) -> dict[str, frozenset[str]]:
        """First parts of the names that each file imports, relative imports left out."""
        return {path: _imported_heads(self.text(path) or "") for path in self.paths()}

    @cached_property
    def _imported(self) -> frozenset[str]:
        return frozenset().union(*self._imports.values())

    def _imported_below(self, folder: str) -> frozenset[str]:
        return frozenset().union(*(heads for path, heads in self._imports.items() if path.startswith(folder)))

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._files)

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(path[: slash + 1] for path in self._files for slash, char in enumerate(path) if char == "/")

    @cached_property
    def _files(self) -> tuple[str, ...]:
        found: list[str] = []
        for path in self._walk():
            found.append(path)
            if len(found) >= self._files_max:
                break
        return tuple(sorted(found))

    def _walk(self) -> Iterator[str]:
        for folder, below, files in os.walk(self.root):
            below[:] = sorted(name for name in below if self._is_ours(Path(folder, name)))
            for name in sorted(files):
                file = Path(folder, name)
                if not file.is_symlink() or file.resolve().is_relative_to(self.root):
                    yield file.relative_to(self.root).as_posix()

    @staticmethod
    def _is_ours(folder: Path) -> bool:
        name = folder.name
        if name.startswith(".") or name in _NOT_OURS or name.endswith((".egg-info", ".dist-info")):
            return False
        if (folder / "pyvenv.cfg").exists():
            return False
        return name not in _OUTPUT or (folder / "__init__.py").exists()

    def _read(self, path: str) -> str | None:
        try:
            file = (self.root / path).resolve()
            if not file.is_relative_to(self.root) or file.stat().st_size > self._file_bytes_max or not file.is_file():
                return None
            return file.read_bytes().decode()
        except (OSError, UnicodeDecodeError, ValueError):
            return None


def _parse(text: str | None) -> libcst.Module | None:
    try:
        return None if text is None else libcst.parse_module(text)
    except (libcst.ParserSyntaxError, RecursionError, ValueError):
        return None


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported_heads(text: str) -> frozenset[str]:
    try:
        nodes: Iterable[ast.AST] = ast.walk(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    names = [
        name
        for node in nodes
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else []
        )
    ]
    return frozenset(name.partition(".")[0] for name in names)
