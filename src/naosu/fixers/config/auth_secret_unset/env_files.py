"""The files from which an application reads its variables, by what its code says."""

import posixpath
import re
from collections.abc import Iterator

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.database.symbols import assigned_value, definition, top_level_names
from naosu.fixers.editing import argument, dotted_name, nodes_of
from naosu.fixers.jwt_calls import string_key
from naosu.fixers.places import places_with
from naosu.ports.fixer import SourceTree

EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", "example.env", ".env.tmpl")
_LOADERS = frozenset({"load_dotenv", "dotenv_values", "read_env", "Config", "find_dotenv", "read_envfile"})
_IMPORTS_DECOUPLE = re.compile(r"^(?:from|import) decouple\b", re.MULTILINE)
_IMPORTS_FLASK = re.compile(r"^(?:from|import) flask\b", re.MULTILINE)
_FILE = re.compile(r"(?:^|/)(?:\.env(?:\.(?:local|dev|development|prod|production))?|[\w-]+\.env)$")


def env_files(source: SourceTree) -> tuple[str, ...]:
    """Return them, relative to the tree, those that exist first."""
    found = dict.fromkeys(_read(source))
    return tuple(sorted(found, key=lambda path: source.text(path) is None))


def _read(source: SourceTree) -> Iterator[str]:
    for place in places_with(source, "env", "decouple"):
        for call in nodes_of(place.module, cst.Call):
            yield from _loaded(source, place.path, call)
        for assign in nodes_of(place.module, cst.Assign):
            if dotted_name(assign.targets[0].target) == "env_file":
                yield from _literal(assign.value)
            elif _says_env(assign.value):
                yield from _path(source, place.path, assign.value)
        if _IMPORTS_DECOUPLE.search(place.module.code):
            yield _upwards(source, posixpath.dirname(place.path))
    if any(_IMPORTS_FLASK.search(place.module.code) for place in places_with(source, "flask")):
        yield ".env"


def _loaded(source: SourceTree, path: str, call: cst.Call) -> Iterator[str]:
    """Yield the file that one call reads."""
    last = dotted_name(call.func).rpartition(".")[2]
    named = next((arg.value for arg in call.args if not arg.star), None)
    if (arg := argument(call, "env_file")) is not None:
        yield from _literal(arg.value)
    elif last in _LOADERS and named is not None:
        yield from _path(source, path, named)
    elif last in {"load_dotenv", "dotenv_values", "read_env"}:
        yield _upwards(source, posixpath.dirname(path))


def _says_env(node: cst.BaseExpression) -> bool:
    return any(_FILE.search(string_key(text)) for text in nodes_of(node, cst.SimpleString))


def _literal(node: cst.BaseExpression) -> Iterator[str]:
    """Yield paths that are relative to where the application is started."""
    for text in nodes_of(node, cst.SimpleString):
        if string_key(text):
            yield posixpath.normpath(string_key(text))


def _upwards(source: SourceTree, folder: str) -> str:
    while True:
        path = posixpath.join(folder, ".env")
        if source.text(path) is not None or not folder:
            return path
        folder = posixpath.dirname(folder)


def _path(source: SourceTree, path: str, node: cst.BaseExpression) -> Iterator[str]:
    where = _evaluated(source, path, node, 0)
    if where is not None and _FILE.search(where) and not where.startswith(".."):
        yield posixpath.normpath(where.lstrip("/"))


def _evaluated(source: SourceTree, path: str, node: cst.BaseExpression, hops: int) -> str | None:
    """Return the path that an expression makes of ``__file__``, relative to the tree. None: it cannot be told."""
    if hops > 12:  # noqa: PLR2004 - names of names of names
        return None
    if isinstance(node, cst.SimpleString):
        return string_key(node)
    if isinstance(node, cst.Name):
        return _named(source, path, node.value, hops)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
        return _joined(*(_evaluated(source, path, side, hops + 1) for side in (node.left, node.right)))
    if isinstance(node, cst.Attribute) and node.attr.value == "parent":
        return _above(_evaluated(source, path, node.value, hops + 1))
    if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Attribute) and node.value.attr.value == "parents":
        count = re.search(r"\[(\d+)\]$", cst.Module([]).code_for_node(node))
        where = _evaluated(source, path, node.value.value, hops + 1)
        for _ in range(int(count[1]) + 1 if count else 0):
            where = _above(where)
        return where
    return _called(source, path, node, hops) if isinstance(node, cst.Call) else None


def _named(source: SourceTree, path: str, name: str, hops: int) -> str | None:
    if name == "__file__":
        return path
    found = definition(source, path, name)
    value = assigned_value(top_level_names(source, found.path)[found.name]) if found else None
    return _evaluated(source, found.path, value, hops + 1) if found and value is not None else None


def _called(source: SourceTree, path: str, call: cst.Call, hops: int) -> str | None:
    last = dotted_name(call.func).rpartition(".")[2] or getattr(getattr(call.func, "attr", None), "value", "")
    values = [_evaluated(source, path, arg.value, hops + 1) for arg in call.args]
    if last in {"resolve", "absolute", "expanduser"} and isinstance(call.func, cst.Attribute):
        return _evaluated(source, path, call.func.value, hops + 1)
    if last == "joinpath" and isinstance(call.func, cst.Attribute):
        return _joined(_evaluated(source, path, call.func.value, hops + 1), *values)
    if last in {"cwd", "getcwd"}:
        return ""
    if last == "dirname":
        return _above(values[0]) if values else None
    if last in {"Path", "PurePath", "abspath", "realpath", "str", "join", "fspath"}:
        return _joined(*values)
    return None


def _above(path: str | None) -> str | None:
    if path is None:
        return None
    return posixpath.dirname(path) if path and not path.endswith("..") else posixpath.join(path, "..")


def _joined(*parts: str | None) -> str | None:
    known = [part for part in parts if part is not None]
    if len(known) != len(parts):
        return None
    joined = posixpath.normpath(posixpath.join(*known)) if any(known) else ""
    return "" if joined == "." else joined


def value_in(text: str, variable: str) -> str | None:
    """Return what a file says of a variable. None: nothing."""
    match = _line_of(variable).search(text)
    return match["value"].strip().strip("\"'") if match else None


def _line_of(variable: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]*(?:export[ \t]+)?{re.escape(variable)}[ \t]*=(?P<value>[^\r\n]*)$", re.MULTILINE)


def with_value(text: str, variable: str, value: str) -> str:
    """Return a file's text with a variable set: in its own line where it has one, else in one more."""
    pattern = _line_of(variable)
    if pattern.search(text):
        return pattern.sub(lambda match: f"{match[0][: match.start('value') - match.start()]}{value}", text, count=1)
    gap = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{gap}{variable}={value}\n"


def example_edits(source: SourceTree, variables: list[str]) -> Iterator[FileEdit]:
    """Yield the change that names variables in the example file, where there is one and it does not."""
    for path in EXAMPLES:
        text = source.text(path)
        if text is None:
            continue
        after = text
        for variable in variables:
            if value_in(after, variable) is None:
                after = with_value(after, variable, "")
        if after != text:
            yield FileEdit(path=path, before=text, after=after)
        return
