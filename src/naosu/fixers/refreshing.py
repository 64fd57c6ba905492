"""Objects that are used after a commit: loaded again at once, or not expired."""

from collections.abc import Mapping, Sequence

import libcst as cst

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
)
from naosu.fixers.mapped import ModelOf
from naosu.fixers.reach import FunctionOf
from naosu.ports.fixer import SourceTree

MAKERS = frozenset({"sessionmaker", "async_sessionmaker"})
SESSIONS = frozenset({"Session", "AsyncSession"})


def refresh_edits(reached: Sequence[FunctionOf], model: ModelOf, attributes: Sequence[str]) -> list[FileEdit]:
    """Return the edits that load relations (or, without any, the columns) of new objects once they are committed."""
    edits = []
    for path in dict.fromkeys(one.path for one in reached):
        own = [one for one in reached if one.path == path]
        changes: dict[cst.CSTNode, Change] = {}
        for one in own:
            changes.update(_refreshes(one, model, attributes))
        if changes:
            edits.append(file_edit(path, own[0].module, replace_nodes(own[0].module, changes)))
    return edits


def _refreshes(one: FunctionOf, model: ModelOf, attributes: Sequence[str]) -> dict[cst.CSTNode, Change]:
    changes: dict[cst.CSTNode, Change] = {}
    parents = parents_of(one.module)
    names = imported_names(one.module)
    for variable in _made(one.node, model, names):
        calls = [call for call in nodes_of(one.node, cst.Call) if _is_end(call, variable)]
        refreshed = [call for call in calls if dotted_name(call.func).endswith(".refresh")]
        if refreshed and not attributes:
            continue
        for call in (refreshed or calls)[-1:]:
            line = _line_of(call, parents)
            if line is not None:
                bare = [] if refreshed or not attributes else [_refresh(call, parents, variable, ())]
                changes[line] = cst.FlattenSentinel([line, *bare, _refresh(call, parents, variable, attributes)])
    return changes


def _made(function: cst.FunctionDef, model: ModelOf, names: Mapping[str, str]) -> list[str]:
    """Return the variables to which a function assigns new objects of a class."""
    found = []
    for node in nodes_of(function, cst.Assign):
        call = node.value
        if not isinstance(call, cst.Call) or not isinstance(node.targets[0].target, cst.Name):
            continue
        maker = qualified_name(call.func, names).split(".")
        if maker[-1] == model.name or (model.name in maker and maker[-1] in {"model_validate", "from_orm"}):
            found.append(node.targets[0].target.value)
    return found


def _is_end(call: cst.Call, variable: str) -> bool:
    name = dotted_name(call.func).rpartition(".")[2]
    given = [dotted_name(arg.value) for arg in call.args]
    return name == "commit" or (name == "refresh" and given[:1] == [variable])


def _line_of(call: cst.Call, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> cst.SimpleStatementLine | None:
    node: cst.CSTNode = call
    while (up := parents.get(node)) is not None:
        if isinstance(up, cst.SimpleStatementLine):
            return up
        node = up
    return None


def _refresh(
    call: cst.Call, parents: Mapping[cst.CSTNode, cst.CSTNode], variable: str, attributes: Sequence[str]
) -> cst.BaseStatement:
    session = dotted_name(call.func).rpartition(".")[0]
    waits = "await " if isinstance(parents[call], cst.Await) else ""
    names = ", ".join(f'"{name}"' for name in attributes)
    more = f", attribute_names=[{names}]" if attributes else ""
    return cst.parse_statement(f"{waits}{session}.refresh({variable}{more})")


def keep_edits(source: SourceTree, reached: Sequence[FunctionOf]) -> list[FileEdit]:
    """Return the edits by which sessions do not expire what they committed: where they are made, else where opened."""
    makers = _calls(source, MAKERS)
    if not makers:
        inside = {id(call) for one in reached for call in nodes_of(one.node, cst.Call)}
        makers = [(path, module, call) for path, module, call in _calls(source, SESSIONS) if id(call) in inside]
    edits = []
    for path in dict.fromkeys(path for path, _, _ in makers):
        module = next(module for one, module, _ in makers if one == path)
        changes: dict[cst.CSTNode, Change] = {
            call: with_argument(call, "expire_on_commit", cst.Name("False"))
            for one, _, call in makers
            if one == path and not _says_no(call)
        }
        if changes:
            edits.append(file_edit(path, module, replace_nodes(module, changes)))
    return edits


def _says_no(call: cst.Call) -> bool:
    arg = argument(call, "expire_on_commit")
    return arg is not None and dotted_name(arg.value) == "False"


def _calls(source: SourceTree, kinds: frozenset[str]) -> list[tuple[str, cst.Module, cst.Call]]:
    return [
        (path, module, call)
        for path, module in source.modules(*kinds)
        for names in [imported_names(module)]
        for call in nodes_of(module, cst.Call)
        if qualified_name(call.func, names).rpartition(".")[2] in kinds
    ]
