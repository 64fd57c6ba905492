"""Loading relations together with what owns them: the statements that produce rows, and how they are told to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import libcst as cst
import msgspec

from naosu.domain.repair import FileEdit
from naosu.fixers.editing import (
    Change,
    argument,
    dotted_name,
    file_edit,
    imported_names,
    nodes_of,
    parents_of,
    qualified_name,
    replace_nodes,
    with_argument,
    with_import,
)
from naosu.fixers.mapped import ModelOf, RelationOf
from naosu.fixers.reach import FunctionOf
from naosu.ports.fixer import SourceTree

GETTERS = frozenset({"get", "get_one", "get_or_404"})

NO_ROWS = frozenset({"count", "exists", "delete", "update", "scalar_subquery", "subquery", "cte", "with_entities"})


class Step(msgspec.Struct, frozen=True):
    """One relation on the way from what a statement selects to what has to be loaded."""

    model: ModelOf
    relation: RelationOf


class Producer(msgspec.Struct, frozen=True, kw_only=True):
    """An expression that produces rows of a mapped class.

    Attributes:
        local: The class's name in that file, ``models.Team`` too.
        is_getter: ``session.get(Team, 1)``, which takes its options as an argument.
    """

    path: str
    module: cst.Module
    node: cst.BaseExpression
    model: ModelOf
    local: str
    is_getter: bool = False


def producers(source: SourceTree, models: Sequence[ModelOf]) -> Iterator[Producer]:
    """Yield all expressions that produce rows of these classes."""
    for path, module in source.modules("select", "query", ".get"):
        names, parents_of_module = imported_names(module), parents_of(module)
        for node in nodes_of(module, cst.Call, cst.Attribute):
            call = node if isinstance(node, cst.Call) else None
            found = _produced(call, names, models) if call else _queried(node, models)
            if found and not _is_counted(node, parents_of_module):
                model, local, is_getter = found
                yield Producer(path=path, module=module, node=node, model=model, local=local, is_getter=is_getter)


def _produced(call: cst.Call, names: Mapping[str, str], models: Sequence[ModelOf]) -> tuple[ModelOf, str, bool] | None:
    kind = qualified_name(call.func, names).rpartition(".")[2]
    entities = [local for arg in call.args if not arg.keyword and (local := dotted_name(arg.value))]
    if kind in GETTERS and (len(call.args) < len(("entity", "key")) or not isinstance(call.func, cst.Attribute)):
        return None
    if kind not in {"select", "query", *GETTERS}:
        return None
    for local in entities[:1] if kind in GETTERS else entities:
        if model := _model(names.get(local, local), models):
            return model, local, kind in GETTERS
    return None


def _queried(node: cst.CSTNode, models: Sequence[ModelOf]) -> tuple[ModelOf, str, bool] | None:
    """Recognise Flask-SQLAlchemy's ``Team.query``."""
    if not isinstance(node, cst.Attribute):
        return None
    local = dotted_name(node.value)
    model = _model(local, models) if node.attr.value == "query" and local else None
    return (model, local, False) if model else None


def _is_counted(node: cst.CSTNode, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> bool:
    """Tell whether no rows come of an expression: they are counted, deleted, or part of another statement."""
    while isinstance(up := parents.get(node), cst.Attribute | cst.Call) and not (
        isinstance(up, cst.Call) and up.func is not node
    ):
        if isinstance(up, cst.Attribute) and up.attr.value in NO_ROWS:
            return True
        node = up
    return False


def _model(name: str, models: Sequence[ModelOf]) -> ModelOf | None:
    last = name.rpartition(".")[2]
    return next((model for model in models if model.name == last), None)


def within(found: Iterable[Producer], reached: Sequence[FunctionOf]) -> list[Producer]:
    """Return the producers that stand in these functions, or in lists of conditions at the top of their modules."""
    inside = {id(node) for one in reached for node in nodes_of(one.node, cst.Call, cst.Attribute)}
    return [one for one in found if id(one.node) in inside]


def paths_to(
    step: Step, models: Sequence[ModelOf], starts: Iterable[ModelOf], steps_max: int = 3
) -> dict[str, list[Step]]:
    """Return for each class from which a relation can be reached the shortest way there, the relation included."""
    wanted = {model.name for model in starts}
    family = {step.model.name, *(model.name for model in models if step.model.name in model.bases)}
    found: dict[str, list[Step]] = {name: [step] for name in family & wanted}
    ways = [[step]]
    for _ in range(steps_max):
        ways = [
            [Step(model, relation), *way]
            for way in ways
            for model in models
            for relation in model.relations.values()
            if relation.target == way[0].model.name and not any(one.relation is relation for one in way)
        ]
        for way in ways:
            if way[0].model.name in wanted:
                found.setdefault(way[0].model.name, way)
    return found


def eager_edits(
    source: SourceTree, chosen: Sequence[Producer], ways: Mapping[str, Sequence[Sequence[Step]]]
) -> list[FileEdit]:
    """Return the edits that let each producer load the relations on its ways along with its rows."""
    edits = []
    for path in dict.fromkeys(one.path for one in chosen):
        own = [one for one in chosen if one.path == path]
        before = own[0].module
        after, loader = with_import(before, "sqlalchemy.orm", "selectinload")
        locals_of = _local_names(before)
        changes: dict[cst.CSTNode, Change] = {}
        missing: dict[str, ModelOf] = {}
        for one in own:
            options = [_option(loader, one, way, locals_of, missing) for way in ways[one.model.name]]
            changes[one.node] = _with_options(one, options)
        after = replace_nodes(before, changes)
        after, _ = with_import(after, "sqlalchemy.orm", "selectinload")
        for name, model in missing.items():
            after, _ = with_import(after, source.dotted(model.path), name)
        edits.append(file_edit(path, before, after))
    return edits


def _local_names(module: cst.Module) -> dict[str, str]:
    """Return the local name of everything imported or defined in a file, by its own last name."""
    known = {full.rpartition(".")[2]: local for local, full in imported_names(module).items()}
    return known | {node.name.value: node.name.value for node in nodes_of(module, cst.ClassDef)}


def _option(
    loader: str, one: Producer, way: Sequence[Step], locals_of: Mapping[str, str], missing: dict[str, ModelOf]
) -> cst.BaseExpression:
    code = ""
    for index, step in enumerate(way):
        owner = one.local if index == 0 else locals_of.get(step.model.name, "")
        if not owner and "." in one.local:
            owner = f"{one.local.rpartition('.')[0]}.{step.model.name}"
        if not owner:
            missing[step.model.name] = step.model
            owner = step.model.name
        code += f"{'.selectinload' if code else loader}({owner}.{step.relation.attribute})"
    return cst.parse_expression(code)


def _with_options(one: Producer, options: Sequence[cst.BaseExpression]) -> Change:
    def changed(node: cst.CSTNode) -> cst.CSTNode:
        if one.is_getter:
            call = cst.ensure_type(node, cst.Call)
            given = argument(call, "options")
            known = list(given.value.elements) if given and isinstance(given.value, cst.List) else []
            return with_argument(call, "options", cst.List([*known, *(cst.Element(option) for option in options)]))
        func = cst.Attribute(value=cst.ensure_type(node, cst.BaseExpression), attr=cst.Name("options"))  # type: ignore[type-abstract]
        return cst.Call(func=func, args=[cst.Arg(option) for option in options])

    return changed


def lazy_edits(steps: Sequence[Step]) -> list[FileEdit]:
    """Return the edits that let relations always be loaded with their owners; none where one says how already."""
    if any(argument(step.relation.call, name) for step in steps for name in ("lazy", "sa_relationship_kwargs")):
        return []
    edits = []
    for path in dict.fromkeys(step.model.path for step in steps):
        own = [step for step in steps if step.model.path == path]
        changes: dict[cst.CSTNode, Change] = {step.relation.call: _always(step.relation.call) for step in own}
        edits.append(file_edit(path, own[0].model.module, replace_nodes(own[0].model.module, changes)))
    return edits


def _always(call: cst.Call) -> cst.Call:
    if dotted_name(call.func).rpartition(".")[2] == "Relationship":
        return with_argument(call, "sa_relationship_kwargs", cst.parse_expression('{"lazy": "selectin"}'))
    return with_argument(call, "lazy", cst.SimpleString('"selectin"'))
