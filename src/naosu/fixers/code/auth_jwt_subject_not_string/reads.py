"""Where the subject of a token is read, and how it becomes a number there."""

from collections.abc import Iterator, Sequence

import libcst as cst
import msgspec

from naosu.fixers.editing import ancestors, dotted_name, nodes_of
from naosu.fixers.edits import Edits
from naosu.fixers.jwt_calls import Flow, JwtCall, string_key, subscript_key
from naosu.fixers.places import Place, block_of
from naosu.ports.fixer import SourceTree

_CONVERSIONS = frozenset({"int", "str", "float", "UUID", "uuid.UUID"})


class Read(msgspec.Struct, frozen=True, eq=False):
    """One place that reads it.

    Attributes:
        node: ``claims["sub"]`` or ``claims.get("sub")``.
    """

    place: Place
    node: cst.Subscript | cst.Call


def reads_of(source: SourceTree, reading: Sequence[JwtCall], claim: str) -> list[Read]:
    """Return where a claim of the tokens that are read is taken, and not made a number or a text already."""
    flow = Flow(source, reading)
    return [
        Read(place, node)
        for place in flow.places
        for node in _taken(place, claim)
        if flow.holds(place, node.value if isinstance(node, cst.Subscript) else _owner(node))
        and not _is_converted(place, node)
    ]


def _owner(call: cst.Call) -> cst.BaseExpression | None:
    return call.func.value if isinstance(call.func, cst.Attribute) else None


def _taken(place: Place, claim: str) -> Iterator[cst.Subscript | cst.Call]:
    for node in nodes_of(place.module, cst.Subscript):
        if subscript_key(node) == claim:
            yield node
    for call in nodes_of(place.module, cst.Call):
        is_get = isinstance(call.func, cst.Attribute) and call.func.attr.value == "get"
        if is_get and call.args and string_key(call.args[0].value) == claim:
            yield call


def _is_converted(place: Place, node: cst.CSTNode) -> bool:
    above = list(ancestors(node, place.parents))[:2]
    return any(isinstance(up, cst.Call) and dotted_name(up.func) in _CONVERSIONS for up in above)


def in_int(edits: Edits, read: Read) -> None:
    """Let what was read be a number: at once, or after the check that it is there at all."""
    if isinstance(read.node, cst.Subscript):
        edits.change(read.node, _int_of)
        return
    name, line = _assigned_to(read)
    check = _none_check(read.place, line, name) if line is not None else None
    if name and check is not None:
        parsed = cst.parse_statement(f"{name} = int({name})\n", config=read.place.module.config_for_parsing)
        edits.change(check, lambda node: cst.FlattenSentinel([node, parsed]))
        return
    owner = read.place.module.code_for_node(read.node.func.value) if isinstance(read.node.func, cst.Attribute) else ""
    key = read.place.module.code_for_node(read.node.args[0].value)
    code = f"(int({owner}[{key}]) if {key} in {owner} else None)"
    edits.change(read.node, lambda _: cst.parse_expression(code))


def _int_of(node: cst.BaseExpression) -> cst.BaseExpression:
    return cst.Call(func=cst.Name("int"), args=[cst.Arg(node)])


def _assigned_to(read: Read) -> tuple[str, cst.SimpleStatementLine | None]:
    line = read.place.within(read.node, cst.SimpleStatementLine)
    statement = line.body[0] if line is not None else None
    if isinstance(statement, cst.Assign) and statement.value is read.node:
        return dotted_name(statement.targets[0].target), line
    if isinstance(statement, cst.AnnAssign) and statement.value is read.node:
        return dotted_name(statement.target), line
    return "", None


def _none_check(place: Place, line: cst.SimpleStatementLine, name: str) -> cst.If | None:
    """Return the statement right after a line that leaves when a name is None."""
    block = place.parents.get(line)
    lines = list(block.body) if isinstance(block, cst.IndentedBlock) else []
    following = lines[lines.index(line) + 1 :][:1]
    if not following or not isinstance(following[0], cst.If):
        return None
    check = following[0]
    test = place.module.code_for_node(check.test)
    leaves = any(isinstance(one, cst.Raise | cst.Return) for statement in block_of(check) for one in _small(statement))
    return check if leaves and test in {f"{name} is None", f"not {name}", f"{name} == None"} else None


def _small(statement: cst.BaseStatement) -> Sequence[cst.BaseSmallStatement]:
    return statement.body if isinstance(statement, cst.SimpleStatementLine) else ()
