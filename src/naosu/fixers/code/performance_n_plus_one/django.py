"""Loading related rows along with querysets: ``select_related`` and ``prefetch_related`` where rows are asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.editing import Change, dotted_name, file_edit, nodes_of, parents_of, replace_nodes
from naosu.fixers.places import is_test
from naosu.ports.fixer import SourceTree

ASKING = frozenset({"all", "filter", "exclude", "order_by", "get", "first", "last", "distinct", "annotate", "iterator"})


def django_edits(source: SourceTree, entries: Sequence[Mapping[str, Any]], near: set[str]) -> list[FileEdit]:
    """Return the edits that let querysets load these relations at once.

    Args:
        source: The application's files.
        entries: What the probe saw: owner, attribute, target, kind.
        near: Paths of the files that the requests run through. Empty: all.
    """
    ways = _ways(entries)
    edits = []
    for path, module in source.modules(".objects"):
        if is_test(path) or "/migrations/" in f"/{path}" or "/management/" in f"/{path}" or (near and path not in near):
            continue
        changes: dict[cst.CSTNode, Change] = {
            node: cst.parse_expression(f"{module.code_for_node(node)}{ways[owner]}")
            for node, owner in _querysets(module)
            if owner in ways
        }
        if changes:
            edits.append(file_edit(path, module, replace_nodes(module, changes)))
    return edits


def _querysets(module: cst.Module) -> Iterator[tuple[cst.Attribute, str]]:
    """Yield each ``Book.objects`` that rows are asked of, with its model."""
    parents = parents_of(module)
    for node in nodes_of(module, cst.Attribute):
        asked = parents.get(node)
        if node.attr.value == "objects" and isinstance(asked, cst.Attribute) and asked.attr.value in ASKING:
            yield node, dotted_name(node.value).rpartition(".")[2]


def _ways(entries: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return for each model what its querysets have to be told, also of what is reached through other relations."""
    roots = {entry["owner"] for entry in entries} - {entry["target"] for entry in entries}
    told: dict[str, dict[str, list[str]]] = {}
    for root in roots or {entry["owner"] for entry in entries}:
        waiting = [(entry, entry["attribute"], entry["kind"]) for entry in entries if entry["owner"] == root]
        done: set[str] = set()
        while waiting:
            entry, way, kind = waiting.pop(0)
            told.setdefault(root, {}).setdefault(kind, []).append(way)
            done.add(f"{entry['owner']}.{entry['attribute']}")
            for more in entries:
                if more["owner"] == entry["target"] and f"{more['owner']}.{more['attribute']}" not in done:
                    both = kind if more["kind"] == kind else "prefetch_related"
                    waiting.append((more, f"{way}__{more['attribute']}", both))
    return {
        root: "".join(
            f".{kind}({', '.join(repr(way) for way in ways)})".replace("'", '"') for kind, ways in kinds.items()
        )
        for root, kinds in told.items()
    }
