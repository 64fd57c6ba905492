"""Moving what modules share (a database object, a declarative base) out of one of them, into a module of its own."""

import builtins
from collections.abc import Iterator, Mapping, Sequence

import libcst as cst
import msgspec

from naosu.domain.repair import FileEdit
from naosu.fixers.cycles import APPLICATIONS, ImportEdge, package_of
from naosu.fixers.editing import (
    Change,
    dotted_name,
    file_edit,
    import_source,
    imported_names,
    nodes_of,
    qualified_name,
    replace_nodes,
)
from naosu.ports.fixer import SourceTree


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A statement at the top of a module that gives a name its value.

    Attributes:
        needs: Names that it reads.
        follow_up: What has to stay where it was: ``db.init_app(app)``. None: nothing.
    """

    name: str
    line: cst.SimpleStatementLine | cst.BaseCompoundStatement
    moved: cst.SimpleStatementLine | cst.BaseCompoundStatement
    needs: frozenset[str]
    follow_up: cst.SimpleStatementLine | None = None


def definitions(module: cst.Module) -> dict[str, Definition]:
    """Return what a module defines at its top and could be defined elsewhere as well, by name."""
    names = imported_names(module)
    found: dict[str, Definition] = {}
    for line in module.body:
        if isinstance(line, cst.ClassDef):
            found[line.name.value] = _definition(line.name.value, line, line)
        elif isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
            value, name = _assigned(line.body[0])
            if not name or _kind(value, names) in APPLICATIONS:
                continue
            detached = _without_application(value, name, names)
            moved = line.deep_replace(value, detached[0]) if detached and value else line
            found[name] = _definition(name, line, _statement(moved), detached[1] if detached else None)
    return found


def _statement(node: cst.CSTNode | cst.RemovalSentinel) -> cst.SimpleStatementLine:
    return cst.ensure_type(node, cst.SimpleStatementLine)


def _assigned(node: cst.BaseSmallStatement) -> tuple[cst.BaseExpression | None, str]:
    if isinstance(node, cst.Assign) and len(node.targets) == 1:
        return node.value, dotted_name(node.targets[0].target).partition(".")[0] * isinstance(
            node.targets[0].target, cst.Name
        )
    if isinstance(node, cst.AnnAssign) and isinstance(node.target, cst.Name):
        return node.value, node.target.value
    return None, ""


def _kind(value: cst.BaseExpression | None, names: Mapping[str, str]) -> str:
    return qualified_name(value.func, names).rpartition(".")[2] if isinstance(value, cst.Call) else ""


def _definition(
    name: str,
    line: cst.SimpleStatementLine | cst.BaseCompoundStatement,
    moved: cst.SimpleStatementLine | cst.BaseCompoundStatement,
    follow_up: cst.SimpleStatementLine | None = None,
) -> Definition:
    keywords = {arg.keyword.value for arg in nodes_of(moved, cst.Arg) if arg.keyword}
    attributes = {id(node.attr) for node in nodes_of(moved, cst.Attribute)}
    read = {node.value for node in nodes_of(moved, cst.Name) if id(node) not in attributes}
    own = {node.value for target in nodes_of(moved, cst.AssignTarget) for node in nodes_of(target, cst.Name)}
    needs = frozenset(read - keywords - own - {name} - set(dir(builtins)) - {"__name__", "__file__"})
    return Definition(name=name, line=line, moved=moved, needs=needs, follow_up=follow_up)


def _without_application(
    value: cst.BaseExpression | None, name: str, names: Mapping[str, str]
) -> tuple[cst.Call, cst.SimpleStatementLine] | None:
    """Take the application out of ``SQLAlchemy(app, …)``, and return what is left with its ``db.init_app(app)``."""
    if not isinstance(value, cst.Call) or not qualified_name(value.func, names).startswith("flask_"):
        return None
    given = [arg for arg in value.args if not arg.keyword or arg.keyword.value in {"app", "db"}]
    if not given:
        return None
    rest = [arg for arg in value.args if arg not in given]
    code = ", ".join(cst.Module([]).code_for_node(arg.value) for arg in given)
    call = cst.ensure_type(cst.parse_statement(f"{name}.init_app({code})"), cst.SimpleStatementLine)
    return value.with_changes(args=rest, whitespace_before_args=cst.SimpleWhitespace("")), call


def closure(module: cst.Module, wanted: set[str], foreign: set[str]) -> list[Definition] | None:
    """Return what must move along so that these names can; None where something cannot.

    Args:
        module: Where they are defined.
        wanted: Names to move.
        foreign: Local names that are imported from the circle: nothing that needs one can move.
    """
    known = definitions(module)
    imported = set(imported_names(module))
    moving: dict[str, Definition] = {}
    waiting = sorted(wanted)
    while waiting:
        name = waiting.pop()
        if name in moving or (name in imported and name not in foreign and name not in wanted):
            continue
        if name not in known:
            return None
        moving[name] = known[name]
        waiting.extend(sorted(known[name].needs))
    return [one for one in known.values() if one.name in moving]


def moved_out(
    source: SourceTree, owner: str, module: cst.Module, moving: Sequence[Definition], edges: Sequence[ImportEdge]
) -> tuple[FileEdit, ...]:
    """Return the edits that put definitions into a module of their own, from which all import them.

    Args:
        source: The application's files.
        owner: Path of the module where they are.
        module: It, parsed.
        moving: What moves.
        edges: The imports of these names that must go to the new module.
    """
    path, stem = _new_module(source, owner, module, moving)
    names = [one.name for one in moving]
    package = package_of(source, owner)
    dotted = f"{package}.{stem}" if package else stem
    relative = any(node.relative for node in nodes_of(module, cst.ImportFrom)) or any(
        edge.node.relative for edge in edges
    )
    here = f".{stem}" if relative and package else dotted
    new = FileEdit(path=path, before=None, after=_new_text(module, moving))
    edits = [new, file_edit(owner, module, _without(module, moving, here))]
    for importer in dict.fromkeys(edge.path for edge in edges):
        own = [edge for edge in edges if edge.path == importer]
        edits.append(file_edit(importer, own[0].module, _redirected(source, own, names, dotted)))
    return tuple(edits)


def _new_module(source: SourceTree, owner: str, module: cst.Module, moving: Sequence[Definition]) -> tuple[str, str]:
    folder = owner.rpartition("/")[0]
    names = imported_names(module)
    calls = [call for one in moving for call in nodes_of(one.line, cst.Call)]
    is_extension = any(qualified_name(call.func, names).startswith("flask_") for call in calls)
    stems = ["extensions", "database", "foundation"] if is_extension else ["database", "extensions", "foundation"]
    free = [stem for stem in stems if source.text(f"{folder}/{stem}.py".lstrip("/")) is None]
    stem = free[0] if free else "shared_objects"
    return f"{folder}/{stem}.py".lstrip("/"), stem


def _new_text(module: cst.Module, moving: Sequence[Definition]) -> str:
    """Return the source of the new module: the imports that the definitions need, then they."""
    needs = {name for one in moving for name in one.needs}
    imports = [line for line in module.body if isinstance(line, cst.SimpleStatementLine)]
    lines = [kept for line in imports for node in line.body if (kept := _narrowed(node, needs))]
    bare = [one.moved.with_changes(leading_lines=()) for one in moving]
    body = [module.code_for_node(cst.SimpleStatementLine(body=[line])) for line in lines]
    defined = "".join(("\n\n" if isinstance(line, cst.ClassDef) else "") + module.code_for_node(line) for line in bare)
    return "".join(body) + ("\n" if body and not defined.startswith("\n") else "") + defined


def _narrowed(node: cst.BaseSmallStatement, needs: set[str]) -> cst.BaseSmallStatement | None:
    """Return an import with only those of its names that are needed. None: none are."""
    if not isinstance(node, cst.Import | cst.ImportFrom) or isinstance(node.names, cst.ImportStar):
        return None
    kept = [alias for alias in node.names if _local(alias) in needs]
    if not kept:
        return None
    plain = [alias.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))) for alias in kept]
    plain[-1] = plain[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    if isinstance(node, cst.ImportFrom):
        return node.with_changes(names=plain, lpar=None, rpar=None)
    return node.with_changes(names=plain)


def _local(alias: cst.ImportAlias) -> str:
    return (dotted_name(alias.asname.name) if alias.asname else dotted_name(alias.name)).partition(".")[0]


def _without(module: cst.Module, moving: Sequence[Definition], here: str) -> cst.Module:
    """Return the module that owned the definitions, importing them from now on."""
    changes: dict[cst.CSTNode, Change] = {
        one.line: one.follow_up.with_changes(leading_lines=one.line.leading_lines)
        if one.follow_up
        else cst.RemovalSentinel.REMOVE
        for one in moving
    }
    names = ", ".join(sorted(one.name for one in moving))
    line = cst.parse_module(f"from {here} import {names}\n").body[0]
    left = _still_read(module, moving)
    body: list[cst.SimpleStatementLine | cst.BaseCompoundStatement] = []
    is_placed = False
    for statement in module.body:
        if not is_placed and _is_import(statement) and not _is_future(statement) and _is_local(statement):
            body.append(line.with_changes(leading_lines=statement.leading_lines))
            body.append(statement.with_changes(leading_lines=[]))
            is_placed = True
            continue
        body.append(statement)
    if not is_placed:
        last = max((i for i, one in enumerate(body) if _is_import(one)), default=-1)
        body.insert(last + 1, line)
    return _tidied(replace_nodes(module.with_changes(body=body), changes), left)


def _is_import(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import | cst.ImportFrom)


def _is_future(statement: cst.CSTNode) -> bool:
    return any(dotted_name(node.module) == "__future__" for node in nodes_of(statement, cst.ImportFrom))


def _is_local(statement: cst.CSTNode) -> bool:
    """Tell whether an import is the last kind in a file: relative, or after an empty line and not the first."""
    return any(node.relative for node in nodes_of(statement, cst.ImportFrom))


def _still_read(module: cst.Module, moving: Sequence[Definition]) -> set[str]:
    """Return the imported names that something else than the moved definitions reads."""
    gone = {id(node) for one in moving for node in nodes_of(one.line, cst.Name)}
    imports = {id(node) for line in nodes_of(module, cst.Import, cst.ImportFrom) for node in nodes_of(line, cst.Name)}
    read = {node.value for node in nodes_of(module, cst.Name) if id(node) not in gone | imports}
    kept = {name for one in moving if one.follow_up for name in _names(one.follow_up)}
    needed = {name for one in moving for name in one.needs}
    return (set(imported_names(module)) - needed) | read | kept


def _names(node: cst.CSTNode) -> set[str]:
    return {name.value for name in nodes_of(node, cst.Name)}


def _tidied(module: cst.Module, read: set[str]) -> cst.Module:
    """Drop the imports that only the moved definitions needed."""
    changes: dict[cst.CSTNode, Change] = {}
    for line in module.body:
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            continue
        node = line.body[0]
        if not isinstance(node, cst.ImportFrom) or isinstance(node.names, cst.ImportStar) or node.relative:
            continue
        known = [alias for alias in node.names if _local(alias) in read or _local(alias) in _bound(module, node)]
        if not known:
            changes[line] = cst.RemovalSentinel.REMOVE
        elif len(known) < len(node.names):
            changes[node] = _narrowed(node, {_local(alias) for alias in known}) or node
    return replace_nodes(module, changes)


def _bound(module: cst.Module, node: cst.ImportFrom) -> set[str]:
    """Return names that may be imported for others to find here."""
    return {_local(alias) for alias in _aliases(node) if alias.asname} | (
        {"annotations"} if dotted_name(node.module) == "__future__" else set()
    )


def _aliases(node: cst.ImportFrom) -> Iterator[cst.ImportAlias]:
    yield from () if isinstance(node.names, cst.ImportStar) else node.names


def _redirected(source: SourceTree, edges: Sequence[ImportEdge], names: Sequence[str], dotted: str) -> cst.Module:
    """Return an importer that takes the moved names from the new module."""
    changes: dict[cst.CSTNode, Change] = {}
    for edge in edges:
        moved = [alias for alias in _aliases(edge.node) if dotted_name(alias.name) in names]
        rest = [alias for alias in _aliases(edge.node) if dotted_name(alias.name) not in names]
        line = edge.line.with_changes(body=[_from(source, edge, moved, dotted)])
        if rest:
            rest[-1] = rest[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            old = edge.line.with_changes(body=[edge.node.with_changes(names=rest)], leading_lines=[])
            changes[edge.line] = cst.FlattenSentinel([line, old])
        else:
            changes[edge.line] = line
    return replace_nodes(edges[0].module, changes)


def _from(
    source: SourceTree, edge: ImportEdge, aliases: Sequence[cst.ImportAlias], dotted: str
) -> cst.BaseSmallStatement:
    kept = [alias.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))) for alias in aliases]
    kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    node = edge.node
    text = dotted
    if node.relative:
        stem = dotted.rpartition(".")[2]
        base = import_source(node, package_of(source, edge.path))
        inside = dotted_name(node.module)
        head = inside if base == dotted.rpartition(".")[0] else inside.rpartition(".")[0]
        text = "." * len(node.relative) + (f"{head}.{stem}" if head else stem)
    line = cst.ensure_type(cst.parse_statement(f"from {text} import x"), cst.SimpleStatementLine)
    return cst.ensure_type(line.body[0], cst.ImportFrom).with_changes(names=kept)
