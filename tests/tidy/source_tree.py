"""The repository's Python files, read once, for the tidy tests."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = ("src/naosu", "packages/naosu-sdk/src/naosu_sdk")
EVERYTHING = (*CODE, "tests", "bench", "demo", "docs")
# Applications on which fixers are tried are data, written as others write.
SAMPLES = re.compile(r"fixers/[^/]+/[^/]+/(before|after)|tests/corpus/repair/")

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class SourceFile(msgspec.Struct, frozen=True):
    """A parsed file; `name` is its path from the repository's root."""

    name: str
    text: str
    tree: ast.Module


def python_files(*folders: str) -> Iterator[Path]:
    """Yield the Python files under these folders, samples left out."""
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if not SAMPLES.search(path.as_posix()))


@cache
def source_files(*folders: str) -> tuple[SourceFile, ...]:
    """Return all Python files under these folders, by name."""
    paths = sorted(python_files(*folders))
    return tuple(SourceFile(str(path.relative_to(ROOT)), text := path.read_text(), ast.parse(text)) for path in paths)


def functions(file: SourceFile) -> Iterator[FunctionNode]:
    """Yield every function and method of a file."""
    for node in ast.walk(file.tree):
        if isinstance(node, FunctionNode):
            yield node


def line_count(node: ast.stmt) -> int:
    """Return how many lines a definition takes, decorators not counted."""
    return (node.end_lineno or node.lineno) - node.lineno + 1
