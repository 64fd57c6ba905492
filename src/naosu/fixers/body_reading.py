"""Rewriting functions that hold the answer of ``call_next`` and need its body.

What only reads it reads while it is sent, so what streams keeps streaming; what decides the answer by it gets the body
of ordinary answers, and hands it on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import libcst as cst

from naosu.fixers.call_next import (
    Passing,
    Slice,
    assigned,
    changes_answer,
    is_attribute,
    names_bound,
    names_read,
    reads,
    slice_of,
)
from naosu.fixers.carried_headers import with_carried_headers
from naosu.fixers.editing import nodes_of, replace_nodes, with_import
from naosu.fixers.places import Place, code_of, free_name, replaced_in, statements

JSON_ONLY = '{response}.headers.get("content-type", "").startswith("application/json")'
_BINDING = (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.For, cst.With, cst.NamedExpr)
ORDINARY_ONLY = '"content-length" in {response}.headers'


@dataclass(frozen=True, eq=False)
class Reading:
    """Where a function needs the body.

    Attributes:
        seeds: The expressions that stand for the whole body, or the calls that get the answer and read it there.
        by_callee: The seeds are such calls: they need the body as an attribute of the answer.
    """

    passing: Passing
    seeds: tuple[cst.CSTNode, ...]
    by_callee: bool = False


def reading_of(passing: Passing, callee: str = "") -> Reading | None:
    """Return how a function needs the body: by itself, or by a function that it hands the answer to."""
    if _has_new_iterator(passing):
        return None
    own = reads(passing.place, passing.function.body, passing.response, "body")
    if own:
        return Reading(passing, tuple(own))
    calls = [
        call
        for call in nodes_of(passing.function.body, cst.Call)
        if callee
        and code_of(call.func).rpartition(".")[2] == callee
        and any(isinstance(arg.value, cst.Name) and arg.value.value == passing.response for arg in call.args)
    ]
    return Reading(passing, tuple(calls), by_callee=True) if calls else None


def _has_new_iterator(passing: Passing) -> bool:
    targets = (line.target for line in nodes_of(passing.function.body, cst.AssignTarget))
    return any(is_attribute(target, passing.response, "body_iterator") for target in targets)


def tee(reading: Reading) -> cst.Module | None:
    """Return the file with the body read while it is sent. None: what is answered depends on it."""
    passing = reading.passing
    found = slice_of(passing, reading.seeds)
    if found is None or any(changes_answer(passing.response, one) for one in found.dependent):
        return None
    module = passing.place.module
    function = passing.function
    sizes = None if reading.by_callee else _only_sizes(reading, found)
    head: list[cst.BaseStatement] = []
    if sizes is not None:
        count = free_name("size", function)
        start, step = f"{count} = 0", f"{count} += len(chunk)"
        moved = _with_sizes(reading, found, sizes, count)
        head = []
    else:
        parts = free_name("parts", function)
        start, step = f"{parts} = []", f"{parts}.append(chunk)"
        head, moved = _with_body(reading, found, f'b"".join({parts})')
    outer = sorted(bound_outside(passing.function, found))
    stream, inner = free_name("stream", function), free_name("read_on_the_way", function)
    template = (
        f"{stream} = {passing.response}.body_iterator\n\n"
        f"async def {inner}():  # what streams keeps streaming\n"
        + (f"    nonlocal {', '.join(outer)}\n" if outer else "")
        + f"    {start}\n    async for chunk in {stream}:\n        if not isinstance(chunk, dict):\n"
        f"            {step}\n        yield chunk\n\n{passing.response}.body_iterator = {inner}()\n"
    )
    first, definition, last = statements(template, module)
    definition = _with_statements(definition, [*head, *moved])
    return with_block(passing.place, found, [first, definition, last])


def _with_statements(definition: cst.BaseStatement, added: Sequence[cst.BaseStatement]) -> cst.BaseStatement:
    body = definition.body if isinstance(definition, cst.FunctionDef) else None
    if not isinstance(body, cst.IndentedBlock):
        return definition
    return definition.with_changes(body=body.with_changes(body=[*body.body, *added]))


def with_block(place: Place, found: Slice, new: Sequence[cst.BaseStatement]) -> cst.Module:
    """Put new statements where the first dependent one is, and take the dependent ones away."""
    gone = {id(statement) for statement in found.dependent}
    body: list[cst.BaseStatement] = []
    for statement in found.block.body:
        if statement is found.dependent[0]:
            body.extend(new)
        if id(statement) not in gone:
            body.append(statement)
    return replace_nodes(place.module, {found.block: found.block.with_changes(body=body)})


def bound_outside(function: cst.FunctionDef, found: Slice) -> set[str]:
    """Return the names that the dependent statements change, and that the function has from elsewhere, too."""
    inside = {id(node) for statement in found.dependent for node in nodes_of(statement, *_BINDING)}
    outside = {
        name for node in nodes_of(function.body, *_BINDING) if id(node) not in inside for name in names_bound(node)
    }
    return set(found.bound) & outside


def _only_sizes(reading: Reading, found: Slice) -> tuple[set[str], list[cst.Call]] | None:
    """Return the names of the body and the ``len(…)`` of it, where nothing else is asked of it."""
    names = {
        target.value
        for statement in found.dependent
        for target, value in [assigned(statement)]
        if isinstance(target, cst.Name) and any(value is seed for seed in reading.seeds)
    }
    calls, used = [], 0
    for statement in found.dependent:
        target, value = assigned(statement)
        if isinstance(target, cst.Name) and any(value is seed for seed in reading.seeds):
            continue
        used += sum(1 for seed in reading.seeds if seed in nodes_of(statement, type(seed)))
        used += sum(1 for name in nodes_of(statement, cst.Name) if name.value in names)
        calls += [call for call in nodes_of(statement, cst.Call) if _is_size(call, reading, names)]
    return (names, calls) if calls and used == len(calls) else None


def _is_size(call: cst.Call, reading: Reading, names: set[str]) -> bool:
    if not isinstance(call.func, cst.Name) or call.func.value != "len" or len(call.args) != 1:
        return False
    value = call.args[0].value
    return any(value is seed for seed in reading.seeds) or (isinstance(value, cst.Name) and value.value in names)


def _with_sizes(
    reading: Reading, found: Slice, sizes: tuple[set[str], list[cst.Call]], count: str
) -> list[cst.BaseStatement]:
    moved = []
    for statement in found.dependent:
        _, value = assigned(statement)
        if any(value is seed for seed in reading.seeds):
            continue
        moved.append(_replaced(statement, sizes[1], lambda: cst.Name(count)))
    return moved


def _replaced(
    statement: cst.BaseStatement, nodes: Sequence[cst.CSTNode], new: Callable[[], cst.CSTNode]
) -> cst.BaseStatement:
    for node in nodes:
        if any(node is inner for inner in nodes_of(statement, type(node))):
            statement = replaced_in(statement, node, new())
    return statement


def _with_body(reading: Reading, found: Slice, body: str) -> tuple[list[cst.BaseStatement], list[cst.BaseStatement]]:
    """Return the statement that makes the body, and the dependent ones with the body's name in them."""
    passing = reading.passing
    if reading.by_callee:
        return statements(f"{passing.response}.body = {body}\n", passing.place.module), list(found.dependent)
    target, value = assigned(found.dependent[0])
    kept = list(found.dependent)
    if isinstance(target, cst.Name) and any(value is seed for seed in reading.seeds):
        name = target.value
        kept = kept[1:]
    else:
        name = free_name("body", passing.function)
    head = statements(f"{name} = {body}\n", passing.place.module)
    return head, [_replaced(statement, reading.seeds, lambda: cst.Name(name)) for statement in kept]


def buffer(reading: Reading) -> cst.Module | None:
    """Return the file with ordinary answers read whole and handed on; those that stream pass as they are.

    None: what needs the body is spread over branches.
    """
    passing = reading.passing
    found = slice_of(passing, reading.seeds)
    if found is None:
        return None
    response, place = passing.response, passing.place
    found = _with_readers_of_headers(found, response)
    head, kept = _with_body(reading, found, f'b"".join([chunk async for chunk in {response}.body_iterator])')
    name = "" if reading.by_callee else code_of(head[0]).partition(" =")[0]
    answered = [_with_assigned_body(statement, response, name, place) for statement in kept]
    rewritten = [statement for group in answered for statement in group]
    replay = statements(
        f"{response}.body_iterator = iterate_in_threadpool(iter([{name or response + '.body'}]))\n", place.module
    )
    returned = isinstance(found.dependent[-1], cst.SimpleStatementLine) and isinstance(
        found.dependent[-1].body[-1], cst.Return
    )
    if not any(
        is_attribute(node, response, "body_iterator") for one in rewritten for node in nodes_of(one, cst.Attribute)
    ):
        rewritten = [*replay, *rewritten] if not returned or reading.by_callee else rewritten
    is_json = any(
        code_of(call.func).rpartition(".")[2] == "loads" for one in found.dependent for call in nodes_of(one, cst.Call)
    )
    test = (JSON_ONLY if is_json else ORDINARY_ONLY).format(response=response)
    choice = statements(f"if {test}:\n    pass\n", place.module)[0]
    inner = [*head, *_with_carried(rewritten, response, place)]
    choice = choice.with_changes(body=cst.IndentedBlock(body=inner))
    after = (
        statements(f"return {response}\n", place.module) if found.dependent[-1] is found.tail[-1] and returned else []
    )
    if _read_later(found, response):
        return None
    module = with_block(place, found, [choice, *after])
    if "iterate_in_threadpool" in module.code:
        module, _ = with_import(module, "starlette.concurrency", "iterate_in_threadpool")
    return module


def _with_readers_of_headers(found: Slice, response: str) -> Slice:
    """Count what reads ``response.headers["…"]`` afterwards as dependent: the header may be missing."""
    dependent = list(found.dependent)
    for statement in found.tail[found.tail.index(found.dependent[0]) + 1 :]:
        read = any(is_attribute(node.value, response, "headers") for node in nodes_of(statement, cst.Subscript))
        if read and statement not in dependent and changes_answer(response, dependent[0]):
            dependent.append(statement)
    ordered = tuple(statement for statement in found.tail if statement in dependent)
    return Slice(found.block, found.tail, ordered, found.bound)


def _read_later(found: Slice, response: str) -> bool:
    """Tell whether what a dependent statement binds is read by one that is not (then it may not be there)."""
    others = [statement for statement in found.tail if statement not in found.dependent]
    return any((found.bound - {response}) & names_read(statement) for statement in others)


def _with_assigned_body(
    statement: cst.BaseStatement, response: str, name: str, place: Place
) -> list[cst.BaseStatement]:
    """Make ``response.body = x`` take effect: it is what is sent, with its own length."""
    target, value = assigned(statement)
    if not is_attribute(target, response, "body") or value is None:
        return [statement]
    new = code_of(value)
    if _is_text(value):
        new += ".encode()"
    bound = [] if new == name else statements(f"{name} = {new}\n", place.module)
    return [
        *bound,
        *statements(
            f"{response}.body_iterator = iterate_in_threadpool(iter([{name}]))\n"
            f'{response}.headers["content-length"] = str(len({name}))\n',
            place.module,
        ),
    ]


def _is_text(value: cst.BaseExpression) -> bool:
    if isinstance(value, cst.Call):
        return code_of(value.func) in ("json.dumps", "dumps", "str")
    return isinstance(value, cst.FormattedString) or (
        isinstance(value, cst.SimpleString) and "b" not in value.prefix.lower()
    )


def _with_carried(found: Sequence[cst.BaseStatement], response: str, place: Place) -> list[cst.BaseStatement]:
    return [new for statement in found for new in with_carried_headers(statement, response, place.module)]
