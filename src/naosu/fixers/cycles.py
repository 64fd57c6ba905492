"""Import cycles among an application's modules: which imports make them, and what each needs its names for."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

import libcst as cst
import msgspec

from naosu.fixers.editing import (
    ancestors,
    dotted_name,
    import_source,
    imported_names,
    nodes_of,
    parents_of,
    qualified_name,
)
from naosu.fixers.mapped import RELATIONSHIPS
from naosu.ports.fixer import SourceTree

ROUTE_METHODS = frozenset(
    {"get", "post", "put", "patch", "delete", "head", "options", "route", "websocket", "api_route"}
)
APPLICATIONS = frozenset({"Flask", "FastAPI", "Starlette", "Quart", "Sanic", "Litestar"})
READS_ANNOTATIONS = frozenset({"BaseModel", "SQLModel", "BaseSettings", "Schema", "NamedTuple", "TypedDict", "Struct"})


class Need(StrEnum):
    """What an imported name is needed for."""

    ANNOTATION = "annotation"
    RELATION = "relation"
    FOREIGN_KEY = "foreign_key"
    FUNCTION = "function"
    IMPORT_TIME = "import_time"


class Use(msgspec.Struct, frozen=True):
    """One use of an imported name: the whole chain, ``User.id``, and the call or annotation that it stands in."""

    node: cst.BaseExpression
    need: Need
    holder: cst.CSTNode | None = None


class ImportEdge(msgspec.Struct, frozen=True, kw_only=True):
    """One module's import of names out of another, at its top level.

    Attributes:
        line: The statement.
        names: Local names by what they are called in the other module.
    """

    path: str
    target: str
    module: cst.Module
    line: cst.SimpleStatementLine
    node: cst.ImportFrom
    names: dict[str, str]
    uses: tuple[Use, ...]

    @property
    def can_wait(self) -> bool:
        """Nothing that runs while the module is imported needs the names, and something needs them at all."""
        return bool(self.uses) and all(use.need is not Need.IMPORT_TIME for use in self.uses)

    @property
    def cost(self) -> tuple[int, int]:
        """The less, the smaller the change: imports within functions count most."""
        late = sum(use.need is Need.FUNCTION for use in self.uses)
        return late, sum(use.need is not Need.ANNOTATION for use in self.uses)


def import_edges(source: SourceTree) -> tuple[ImportEdge, ...]:
    """Return the imports that run when a module is imported, between the application's own modules."""
    return tuple(edge for path, module in source.modules() for edge in _edges(source, path, module))


def package_of(source: SourceTree, path: str) -> str:
    """Return the dotted package in which a file stands."""
    dotted = source.dotted(path)
    return dotted if path.endswith("__init__.py") else dotted.rpartition(".")[0]


def _edges(source: SourceTree, path: str, module: cst.Module) -> Iterator[ImportEdge]:
    package = package_of(source, path)
    parents: Mapping[cst.CSTNode, cst.CSTNode] = {}
    lines = [line for line in module.body if isinstance(line, cst.SimpleStatementLine)]
    for line in lines:
        for node in line.body:
            if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
                continue
            by_target: dict[str, dict[str, str]] = {}
            for alias in node.names:
                name = dotted_name(alias.name)
                target = _target(source, import_source(node, package), name)
                if target and target != path:
                    local = dotted_name(alias.asname.name) if alias.asname else name
                    by_target.setdefault(target, {})[name] = local
            parents = parents or parents_of(module)
            for target, names in by_target.items():
                uses = tuple(uses_of(module, set(names.values()), parents))
                yield ImportEdge(path=path, target=target, module=module, line=line, node=node, names=names, uses=uses)


def _target(source: SourceTree, dotted: str, name: str) -> str | None:
    """Return the file that ``from dotted import name`` needs: the submodule of that name, or the module itself."""
    return source.find_module(f"{dotted}.{name}") or source.find_module(dotted) if dotted else source.find_module(name)


def uses_of(module: cst.Module, names: Collection[str], parents: Mapping[cst.CSTNode, cst.CSTNode]) -> Iterator[Use]:
    """Yield where local names are used, and what for. Imports do not count."""
    imported = imported_names(module)
    for node in nodes_of(module, cst.Name):
        if node.value not in names or not _is_read(node, parents):
            continue
        whole: cst.BaseExpression = node
        while isinstance(up := parents[whole], cst.Attribute) and up.value is whole:
            whole = up
        yield _use(whole, parents, imported)


def _is_read(node: cst.Name, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> bool:
    parent = parents[node]
    if isinstance(parent, cst.Attribute):
        return parent.value is node
    if isinstance(parent, cst.Arg | cst.Param):
        return getattr(parent, "keyword", None) is not node and getattr(parent, "name", None) is not node
    return not isinstance(parent, cst.ImportAlias | cst.AsName | cst.FunctionDef | cst.ClassDef | cst.AssignTarget)


def _use(node: cst.BaseExpression, parents: Mapping[cst.CSTNode, cst.CSTNode], imported: Mapping[str, str]) -> Use:
    below: cst.CSTNode = node
    for up in ancestors(node, parents):
        if isinstance(up, cst.Annotation):
            need = Need.IMPORT_TIME if _is_evaluated(up, parents, imported) else Need.ANNOTATION
            return Use(node, need, up)
        if isinstance(up, cst.Call):
            kind = qualified_name(up.func, imported).rpartition(".")[2]
            if kind in RELATIONSHIPS:
                return Use(node, Need.RELATION, up)
            if kind == "ForeignKey":
                return Use(node, Need.FOREIGN_KEY, up)
        if isinstance(up, cst.FunctionDef) and below is up.body:
            return Use(node, Need.FUNCTION, up)
        below = up
    return Use(node, Need.IMPORT_TIME)


def _is_evaluated(
    annotation: cst.Annotation, parents: Mapping[cst.CSTNode, cst.CSTNode], imported: Mapping[str, str]
) -> bool:
    """Tell whether something reads an annotation at run time: a route's parameters, a pydantic model's fields."""
    statement = parents[annotation]
    for up in ancestors(annotation, parents):
        if isinstance(up, cst.FunctionDef):
            inside = any(one is up.body for one in ancestors(annotation, parents))
            return not inside and any(_is_route(decorator) for decorator in up.decorators)
        if isinstance(up, cst.ClassDef):
            call = statement.value if isinstance(statement, cst.AnnAssign) else None
            if isinstance(call, cst.Call) and dotted_name(call.func).rpartition(".")[2] in RELATIONSHIPS:
                return False
            return any(
                qualified_name(base.value, imported).rpartition(".")[2] in READS_ANNOTATIONS for base in up.bases
            )
    return False


def _is_route(decorator: cst.Decorator) -> bool:
    node = decorator.decorator
    name = dotted_name(node.func if isinstance(node, cst.Call) else node)
    return name.rpartition(".")[2] in ROUTE_METHODS or "inject" in name


def knot(edges: Sequence[ImportEdge], start: str) -> frozenset[str]:
    """Return the modules that import each other in a circle with this one; none when it is in no circle."""
    ahead = reachable(edges, [start])
    return frozenset(path for path in ahead if start in reachable(edges, [path]))


def reachable(edges: Iterable[ImportEdge], starts: Iterable[str]) -> frozenset[str]:
    """Return the modules that are imported once these are, these only if something imports them again."""
    after: dict[str, set[str]] = {}
    for edge in edges:
        after.setdefault(edge.path, set()).add(edge.target)
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        new = after.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return frozenset(found)


def loosen(edges: Sequence[ImportEdge], start: str) -> tuple[ImportEdge, ...] | None:
    """Return the fewest, cheapest imports that can wait so that a module is in no circle any more. None: none are.

    Those are preferred without which every module is still imported when the application starts. An import may move
    into functions only then: what a module registers as it is imported (models, routes) would else be missing.
    """
    kept, cut = list(edges), list[ImportEdge]()
    while modules := knot(kept, start):
        inside = [edge for edge in kept if edge.path in modules and edge.target in modules]
        able = [edge for edge in inside if edge.can_wait and not (edge.cost[0] and _loses(kept, edge, modules))]
        if not able:
            return None
        best = min(able, key=lambda edge: _rank(kept, edge, start, modules))
        kept = [edge for edge in kept if edge is not best]
        cut.append(best)
    return tuple(cut)


def _rank(
    edges: Sequence[ImportEdge], edge: ImportEdge, start: str, modules: frozenset[str]
) -> tuple[bool, bool, tuple[int, int]]:
    rest = [one for one in edges if one is not edge]
    return bool(knot(rest, start)), _loses(edges, edge, modules), edge.cost


def _loses(edges: Sequence[ImportEdge], edge: ImportEdge, modules: frozenset[str]) -> bool:
    """Tell whether a module of the circle is imported by nobody any more once this import is gone."""
    rest = [one for one in edges if one is not edge]
    outside = {one.target for one in rest if one.path not in modules and one.target in modules}
    starts = outside or {one.path for one in edges if one.path in modules and _is_entry(one)} or {edge.path}
    return not modules <= reachable(rest, starts) | starts


def _is_entry(edge: ImportEdge) -> bool:
    made = (dotted_name(call.func).rpartition(".")[2] for call in nodes_of(edge.module, cst.Call))
    return any(name in APPLICATIONS for name in made)
