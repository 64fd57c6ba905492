"""The circles of imports that a failed import names."""

import re
from collections.abc import Sequence

from naosu.fixers.crashes import Seen
from naosu.fixers.cycles import import_edges, knot
from naosu.ports.fixer import SourceTree

FROM = re.compile(r"cannot import name '(?P<name>\w+)' from (?:partially initialized module )?'(?P<module>[\w.]+)'")
PARTIAL = re.compile(r"partially initialized module '(?P<module>[\w.]+)'[^\n]* has no attribute '(?P<name>\w+)'")


def circles(source: SourceTree, found: Sequence[Seen]) -> dict[frozenset[str], list[Seen]]:
    """Return what was recognised, by the modules that import each other in a circle; what is in none is left out."""
    groups: dict[frozenset[str], list[Seen]] = {}
    edges = import_edges(source) if found else ()
    for one in found:
        path = source.find_module(one.match["module"])
        modules = knot(edges, path) if path else frozenset()
        if modules:
            groups.setdefault(modules, []).append(one)
    return groups
