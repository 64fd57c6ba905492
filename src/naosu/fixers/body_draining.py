"""Rewriting functions that read an answer's ``body_iterator`` to its end, and then send the answer all the same."""

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from naosu.fixers.body_reading import bound_outside, with_block
from naosu.fixers.call_next import Passing, changes_answer, is_attribute, passings, slice_of
from naosu.fixers.editing import dotted_name, nodes_of, replace_nodes, with_import
from naosu.fixers.places import Place, code_of, free_name, statements


@dataclass(frozen=True, eq=False)
class Draining:
    """One ``async for`` over the iterator of an answer that is sent afterwards.

    Attributes:
        iterator: The ``response.body_iterator`` that is read.
        line: The statement in which that happens.
        passing: None: the answer came as an argument.
    """

    place: Place
    function: cst.FunctionDef
    response: str
    iterator: cst.Attribute
    line: cst.BaseStatement
    passing: Passing | None = None


def drainings(place: Place) -> Iterator[Draining]:
    """Yield where a file drains answers that it sends on, and gives them no new iterator."""
    direct = [
        found
        for passing in passings(place)
        if _is_returned(passing.function, passing.response)
        for found in _in_function(place, passing.function, passing.response, passing)
    ]
    yield from direct
    if direct:
        return
    for function in nodes_of(place.module, cst.FunctionDef):
        for param in function.params.params:
            yield from _in_function(place, function, param.name.value, None)


def _in_function(place: Place, function: cst.FunctionDef, response: str, passing: Passing | None) -> Iterator[Draining]:
    attributes = [
        node for node in nodes_of(function.body, cst.Attribute) if is_attribute(node, response, "body_iterator")
    ]
    if any(isinstance(place.parents.get(node), cst.AssignTarget) for node in attributes):
        return
    for node in attributes:
        above = place.parents.get(node)
        line = place.within(node, cst.SimpleStatementLine)
        if isinstance(above, cst.For) and above.asynchronous is not None:
            yield Draining(place, function, response, node, above, passing)
        elif isinstance(above, cst.CompFor) and above.asynchronous is not None and line is not None:
            yield Draining(place, function, response, node, line, passing)


def _is_returned(function: cst.FunctionDef, response: str) -> bool:
    return any(
        isinstance(node.value, cst.Name) and node.value.value == response
        for node in nodes_of(function.body, cst.Return)
    )


def read_on_the_way(draining: Draining) -> cst.Module | None:
    """Return the file with the loop over the body moved to where it is sent. None: the answer depends on it."""
    passing = draining.passing
    if passing is None:
        return None
    found = slice_of(passing, [draining.iterator])
    if found is None or any(changes_answer(draining.response, one) for one in found.dependent):
        return None
    function, response = draining.function, draining.response
    stream, inner = free_name("stream", function), free_name("read_on_the_way", function)
    moved = _with_yield(draining, found.dependent, stream)
    if moved is None:
        return None
    outer = sorted(bound_outside(function, found))
    template = (
        f"{stream} = {response}.body_iterator\n\n"
        f"async def {inner}():  # what streams keeps streaming\n"
        + (f"    nonlocal {', '.join(outer)}\n" if outer else "")
        + f"    pass\n\n{response}.body_iterator = {inner}()\n"
    )
    first, definition, last = statements(template, draining.place.module)
    if not isinstance(definition, cst.FunctionDef) or not isinstance(definition.body, cst.IndentedBlock):
        return None
    body = [*definition.body.body[: 1 if outer else 0], *moved]
    definition = definition.with_changes(body=definition.body.with_changes(body=body))
    return with_block(draining.place, found, [first, definition, last])


def _with_yield(
    draining: Draining, dependent: tuple[cst.BaseStatement, ...], stream: str
) -> list[cst.BaseStatement] | None:
    """Return the dependent statements with each chunk passed on. None: the loop may leave some out."""
    module = draining.place.module
    if isinstance(draining.line, cst.For):
        loop = draining.line
        if dependent[0] is not loop or nodes_of(loop.body, cst.Break, cst.Continue) or loop.orelse is not None:
            return None
        if not isinstance(loop.body, cst.IndentedBlock):
            return None
        passed = statements(f"yield {code_of(loop.target)}\n", module)
        body = loop.body.with_changes(body=[*loop.body.body, *passed])
        return [loop.with_changes(iter=cst.Name(stream), body=body), *dependent[1:]]
    whole = _whole(draining)
    if whole is None or dependent[0] is not draining.line:
        return None
    parts = free_name("parts", draining.function)
    text = f'b"".join({parts})' if isinstance(whole, cst.Call) else parts
    head = statements(
        f"{parts} = []\nasync for chunk in {stream}:\n    {parts}.append(chunk)\n    yield chunk\n", module
    )
    line = draining.line.deep_replace(whole, cst.parse_expression(text))
    return [*head, line, *dependent[1:]] if isinstance(line, cst.BaseStatement) else None


def _whole(draining: Draining) -> cst.BaseExpression | None:
    """Return the expression that is the whole body: ``b"".join([… async for …])``, or the list of its chunks."""
    comprehension = draining.place.within(draining.iterator, cst.ListComp, cst.GeneratorExp)
    if comprehension is None or not isinstance(comprehension, cst.ListComp):
        return None
    if not isinstance(comprehension.elt, cst.Name) or comprehension.for_in.ifs:
        return None
    call = draining.place.within(comprehension, cst.Call)
    if call is not None and dotted_name(call.func) == "" and code_of(call.func).endswith(".join"):
        return call
    return comprehension


def replay(draining: Draining) -> cst.Module:
    """Return the file with the chunks kept, and handed on once they were read."""
    chunks = free_name("chunks", draining.function)
    again = f"iterate_in_threadpool(iter({chunks}))"
    response = draining.response
    kept = statements(
        f"{chunks} = [chunk async for chunk in {response}.body_iterator]\n{response}.body_iterator = {again}\n",
        draining.place.module,
    )
    line = draining.line.deep_replace(draining.iterator, cst.parse_expression(again))
    new = [*kept, line] if isinstance(line, cst.BaseStatement) else kept
    module = replace_nodes(draining.place.module, {draining.line: cst.FlattenSentinel(new)})
    return with_import(module, "starlette.concurrency", "iterate_in_threadpool")[0]
