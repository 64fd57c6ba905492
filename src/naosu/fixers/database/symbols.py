"""Where a name of the application comes from, and which of its files one file imports."""

from collections.abc import Iterator

import libcst as cst
import msgspec

from naosu.fixers.editing import dotted_name, import_source, imported_names, nodes_of
from naosu.ports.fixer import SourceTree

_HOPS_MAX = 12


class Place(msgspec.Struct, frozen=True):
    """A name at the top level of a file."""

    path: str
    name: str


def package_of(source: SourceTree, path: str) -> str:
    """Return the package in which relative imports of a file begin."""
    dotted = source.dotted(path)
    return dotted if path.endswith("__init__.py") else dotted.rpartition(".")[0]


def names_in(source: SourceTree, path: str) -> dict[str, str]:
    """Return what the imported names of a file stand for, relative ones made absolute."""
    module = source.module(path)
    return imported_names(module, package_of(source, path)) if module else {}


def definition(source: SourceTree, path: str, dotted: str) -> Place | None:
    """Return where a name that a file uses (``Base``, ``database.Base``) is defined, by imports; None: not here."""
    for _ in range(_HOPS_MAX):
        if "." not in dotted and dotted in top_level_names(source, path):
            return Place(path, dotted)
        head, _, rest = dotted.partition(".")
        full = names_in(source, path).get(head)
        if full is None:
            return None
        found = _split(source, f"{full}.{rest}" if rest else full)
        if found is None:
            return None
        path, dotted = found
    return None


def _split(source: SourceTree, full: str) -> tuple[str, str] | None:
    """Return the file and the name in it behind ``package.module.name``."""
    parts = full.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        path = source.find_module(".".join(parts[:cut]))
        if path is not None:
            return path, ".".join(parts[cut:])
    return None


def top_level_names(source: SourceTree, path: str) -> dict[str, cst.BaseStatement]:
    """Return the names that a file itself assigns or defines at its top level, with the statement that does."""
    module = source.module(path)
    found: dict[str, cst.BaseStatement] = {}
    for statement in module.body if module else ():
        for name in bound_names(statement):
            found[name] = statement
    return found


def bound_names(statement: cst.BaseStatement) -> Iterator[str]:
    """Yield the names that a statement assigns or defines."""
    if isinstance(statement, cst.ClassDef | cst.FunctionDef):
        yield statement.name.value
    if isinstance(statement, cst.SimpleStatementLine):
        for part in statement.body:
            if isinstance(part, cst.Assign):
                for target in part.targets:
                    if isinstance(target.target, cst.Name):
                        yield target.target.value
            elif isinstance(part, cst.AnnAssign) and isinstance(part.target, cst.Name) and part.value:
                yield part.target.value


def assigned_value(statement: cst.BaseStatement) -> cst.BaseExpression | None:
    """Return what a simple assignment assigns."""
    if isinstance(statement, cst.SimpleStatementLine):
        for part in statement.body:
            if isinstance(part, cst.Assign | cst.AnnAssign):
                return part.value
    return None


def imports_of(source: SourceTree, path: str) -> set[str]:
    """Return the application's own files that a file imports, anywhere in it."""
    module = source.module(path)
    if module is None:
        return set()
    wanted: list[str] = []
    for plain in nodes_of(module, cst.Import):
        wanted += [dotted_name(alias.name) for alias in plain.names]
    for found in nodes_of(module, cst.ImportFrom):
        base = import_source(found, package_of(source, path))
        wanted.append(base)
        if not isinstance(found.names, cst.ImportStar):
            wanted += [f"{base}.{dotted_name(alias.name)}" for alias in found.names]
    own: set[str] = set()
    for name in wanted:
        parts = name.split(".")
        own.update(p for cut in range(1, len(parts) + 1) if (p := source.find_module(".".join(parts[:cut]))))
    return own - {path}


def import_closure(source: SourceTree, path: str) -> set[str]:
    """Return all of the application's own files that importing one file imports, itself included."""
    seen: set[str] = set()
    waiting = [path]
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            waiting += imports_of(source, one) - seen
    return seen
