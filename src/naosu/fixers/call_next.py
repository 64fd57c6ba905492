"""Functions that pass a request on and hold the answer: who they are, and what in them depends on the answer's body.

Starlette's ``call_next`` returns an answer that has a ``body_iterator``, which can be read once, and no ``body``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import libcst as cst

from naosu.fixers.editing import ancestors, nodes_of
from naosu.fixers.places import Place

FILLING_METHODS = frozenset({"append", "extend", "update", "add", "setdefault", "write"})
READING_METHODS = frozenset({"get", "getlist", "items", "keys", "values", "multi_items"})


@dataclass(frozen=True, eq=False)
class Passing:
    """One ``response = await call_next(request)``.

    Attributes:
        response: The name that holds the answer.
        assign: The statement that does it.
    """

    place: Place
    function: cst.FunctionDef
    response: str
    assign: cst.SimpleStatementLine


@dataclass(frozen=True, eq=False)
class Slice:
    """Statements of one block that need the body, directly or through a name.

    Attributes:
        tail: The block's statements after the answer is there.
        dependent: Those of the tail that need the body.
    """

    block: cst.IndentedBlock
    tail: tuple[cst.BaseStatement, ...]
    dependent: tuple[cst.BaseStatement, ...]
    bound: frozenset[str] = field(default=frozenset())


def passings(place: Place) -> Iterator[Passing]:
    """Yield the functions of a file that await one of their own parameters with the request, and keep the answer."""
    for function in nodes_of(place.module, cst.FunctionDef):
        if function.asynchronous is None:
            continue
        parameters = {param.name.value for param in function.params.params}
        for line in nodes_of(function.body, cst.SimpleStatementLine):
            if place.within(line, cst.FunctionDef) is function and (name := _kept_answer(line, parameters)):
                yield Passing(place, function, name, line)


def _kept_answer(line: cst.SimpleStatementLine, parameters: set[str]) -> str:
    if len(line.body) != 1:
        return ""
    target, value = assigned(line.body[0])
    awaited = value.expression if isinstance(value, cst.Await) else None
    if isinstance(target, cst.Name) and isinstance(awaited, cst.Call) and isinstance(awaited.func, cst.Name):
        return target.value if awaited.func.value in parameters and len(awaited.args) == 1 else ""
    return ""


def assigned(node: cst.CSTNode) -> tuple[cst.BaseExpression | None, cst.BaseExpression | None]:
    """Return target and value of a plain assignment to one target."""
    if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1:
        node = node.body[0]
    if isinstance(node, cst.Assign) and len(node.targets) == 1:
        return node.targets[0].target, node.value
    if isinstance(node, cst.AnnAssign) and node.value is not None:
        return node.target, node.value
    return None, None


def is_attribute(node: cst.CSTNode | None, name: str, attr: str) -> bool:
    """Tell whether a node is ``name.attr``."""
    return (
        isinstance(node, cst.Attribute)
        and isinstance(node.value, cst.Name)
        and node.value.value == name
        and node.attr.value == attr
    )


def reads(place: Place, root: cst.CSTNode, name: str, attr: str) -> list[cst.Attribute]:
    """Return where ``name.attr`` is read below a node."""
    return [
        node
        for node in nodes_of(root, cst.Attribute)
        if is_attribute(node, name, attr) and not isinstance(place.parents.get(node), cst.AssignTarget | cst.Del)
    ]


def is_kept(passing: Passing) -> bool:
    """Tell whether the name holds the answer of ``call_next`` to the end, and nobody asks first what it has."""
    name = passing.response
    for call in nodes_of(passing.function.body, cst.Call):
        if isinstance(call.func, cst.Name) and call.func.value in ("hasattr", "getattr") and call.args:
            first = call.args[0].value
            if isinstance(first, cst.Name) and first.value == name:
                return False
    made = [
        line
        for line in nodes_of(passing.function.body, cst.SimpleStatementLine)
        if line is not passing.assign and any(name in _bound(part) for part in line.body)
    ]
    return not made


def names_read(node: cst.CSTNode) -> set[str]:
    """Return the plain names that occur in a node, attribute names and keywords left out."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, cst.Name):
            found.add(current.value)
        elif isinstance(current, cst.Attribute | cst.Arg):
            waiting.append(current.value)
        else:
            waiting.extend(current.children)
    return found


def _targets(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    if isinstance(node, cst.Assign):
        yield from (target.target for target in node.targets)
    elif isinstance(node, cst.AnnAssign | cst.AugAssign | cst.For | cst.NamedExpr):
        yield node.target
    elif isinstance(node, cst.WithItem | cst.ExceptHandler) and isinstance(node.children[-1], cst.AsName):
        yield node.children[-1].name
    elif isinstance(node, cst.FunctionDef | cst.ClassDef):
        yield node.name


def _bound(node: cst.CSTNode) -> set[str]:
    """Return the names that a statement gives a value, itself or below."""
    kinds = (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.For, cst.NamedExpr, cst.WithItem, cst.ExceptHandler)
    found: set[str] = set()
    for inner in nodes_of(node, *kinds):
        for target in _targets(inner):
            parts = nodes_of(target, cst.Name) if isinstance(target, cst.Tuple | cst.List) else [target]
            found |= {part.value for part in parts if isinstance(part, cst.Name)}
    return found


names_bound = _bound


def slice_of(passing: Passing, seeds: Sequence[cst.CSTNode]) -> Slice | None:
    """Return the statements that depend on these expressions, in the innermost block that holds all of them.

    None: they are spread over branches.
    """
    block = passing.function.body
    while isinstance(block, cst.IndentedBlock):
        tail = _tail(block, passing.assign)
        dependent = _dependent(passing, tail, seeds)
        inner = [statement for statement in dependent if _must_descend(passing, statement)]
        deeper = _block_with(passing.place, inner[0], seeds) if len(inner) == 1 else None
        if deeper is None:
            bound = frozenset(name for statement in dependent for name in _bound(statement))
            is_whole = not any(passing.assign in list(_descendants(statement)) for statement in inner)
            return Slice(block, tail, dependent, bound) if dependent and is_whole else None
        block = deeper
    return None


def _tail(block: cst.IndentedBlock, assign: cst.CSTNode) -> tuple[cst.BaseStatement, ...]:
    if assign not in block.body:
        return tuple(block.body)
    return tuple(block.body[list(block.body).index(assign) + 1 :])  # type: ignore[arg-type]


def _dependent(
    passing: Passing, tail: Iterable[cst.BaseStatement], seeds: Sequence[cst.CSTNode]
) -> tuple[cst.BaseStatement, ...]:
    tainted: set[str] = set()
    found = []
    wanted = {id(seed) for seed in seeds}
    for statement in tail:
        has_seed = any(id(node) in wanted for node in _descendants(statement))
        if has_seed or tainted & names_read(statement):
            found.append(statement)
            tainted |= _bound(statement) | _filled(statement, passing.response)
    return tuple(found)


def _filled(node: cst.CSTNode, response: str) -> set[str]:
    """Return the names whose content a statement changes: ``parts.append(x)``, ``record["size"] = n``."""
    found = set()
    for inner in nodes_of(node, cst.Assign, cst.AugAssign):
        for target in _targets(inner):
            root = target
            while isinstance(root, cst.Subscript | cst.Attribute):
                root = root.value
            if isinstance(target, cst.Subscript) and isinstance(root, cst.Name):
                found.add(root.value)
    for call in nodes_of(node, cst.Call):
        func = call.func
        if isinstance(func, cst.Attribute) and isinstance(func.value, cst.Name) and func.attr.value in FILLING_METHODS:
            found.add(func.value.value)
    return found - {response, "self", "cls", "request"}


def _descendants(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(current.children)


def _must_descend(passing: Passing, statement: cst.BaseStatement) -> bool:
    if isinstance(statement, cst.SimpleStatementLine):
        return False
    inside = list(_descendants(statement))
    return passing.assign in inside or any(isinstance(node, cst.Return | cst.Raise) for node in inside)


def _block_with(place: Place, statement: cst.BaseStatement, seeds: Sequence[cst.CSTNode]) -> cst.IndentedBlock | None:
    """Return the block right below a statement that holds all of the seeds."""
    found: set[cst.IndentedBlock] = set()
    for seed in seeds:
        above = list(ancestors(seed, place.parents))
        if statement not in above:
            return None
        blocks = [node for node in above[: above.index(statement)] if isinstance(node, cst.IndentedBlock)]
        if not blocks:
            return None
        found.add(blocks[-1])
    return found.pop() if len(found) == 1 else None


def changes_answer(name: str, statement: cst.BaseStatement) -> bool:
    """Tell whether a statement decides what is answered: returns, raises, or changes the answer held by a name.

    ``response.background`` runs after the body was sent, so it may be set late.
    """
    if nodes_of(statement, cst.Return, cst.Raise):
        return True
    for node in nodes_of(statement, cst.Assign, cst.AugAssign, cst.AnnAssign):
        if any(_root(target) == name and not is_attribute(target, name, "background") for target in _targets(node)):
            return True
    if any(_root(node.target) == name for node in nodes_of(statement, cst.Del)):
        return True
    return any(_changes(name, call.func) for call in nodes_of(statement, cst.Call))


def _changes(name: str, func: cst.CSTNode) -> bool:
    if not isinstance(func, cst.Attribute) or _root(func) != name or func.attr.value in READING_METHODS:
        return False
    return not any(is_attribute(node, name, "body") for node in nodes_of(func, cst.Attribute))


def _root(node: cst.CSTNode) -> str:
    while isinstance(node, cst.Attribute | cst.Subscript):
        node = node.value
    return node.value if isinstance(node, cst.Name) else ""
