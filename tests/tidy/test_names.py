import ast
from collections.abc import Iterator
from pathlib import Path

from source_tree import CODE, EVERYTHING, ROOT, SAMPLES, SourceFile, functions, python_files, source_files

BINS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "shared", "stuff"}
MEASURED = {
    "timeout", "delay", "interval", "duration", "ttl", "lifetime", "period", "wait", "latency", "elapsed",
    "grace", "patience", "backoff", "memory",
}  # fmt: skip
UNITS = {
    "s",
    "ms",
    "us",
    "ns",
    "minutes",
    "hours",
    "days",
    "bytes",
    "kb",
    "mb",
    "share",
    "count",
    "per",
    "bits",
    "events",
    "chars",
}


def annotated_numbers(file: SourceFile) -> Iterator[str]:
    """Yield names of arguments and fields that are annotated as plain numbers."""
    for node in functions(file):
        for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
            if _is_number(argument.annotation):
                yield argument.arg
    for node in ast.walk(file.tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and _is_number(node.annotation):
            yield node.target.id


def _is_number(annotation: ast.expr | None) -> bool:
    return annotation is not None and ast.unparse(annotation) in {"int", "float", "int | None", "float | None"}


def names_on_the_way(path: Path) -> Iterator[str]:
    """Yield the names of a file and of the folders that it is in, without what tells its type."""
    place = path.relative_to(ROOT)
    yield from (*place.parent.parts, place.name.partition(".")[0])


def test_no_file_nor_folder_is_named_after_a_bin_not_even_of_data():
    # `.git` may be missing where an sdist is tested, so this looks at the disk; what is cached there is nobody's name.
    files = [path for folder in EVERYTHING for path in (ROOT / folder).rglob("*") if path.is_file()]
    binned = {
        str(path.relative_to(ROOT))
        for path in files
        if "__pycache__" not in path.parts
        and not SAMPLES.search(path.as_posix())
        and BINS.intersection(names_on_the_way(path))
    }
    assert not binned


def test_durations_and_sizes_carry_their_unit_in_their_name():
    without = {
        f"{file.name}: {name}"
        for file in source_files(*CODE)
        for name in annotated_numbers(file)
        if MEASURED.intersection(words := name.lower().strip("_").split("_")) and not UNITS.intersection(words)
    }
    assert not without


def test_every_package_says_what_it_is():
    silent = [file.name for file in source_files(*CODE) if file.name.endswith("__init__.py")
              and not ast.get_docstring(file.tree)]  # fmt: skip
    assert not silent


def test_every_folder_with_python_in_it_is_a_package():
    folders = {path.parent for path in python_files(*CODE)}
    folders = {folder for folder in folders if folder.name != "versions"}  # migrations, which Alembic finds by name
    assert not [str(folder) for folder in folders if not (folder / "__init__.py").exists()]
