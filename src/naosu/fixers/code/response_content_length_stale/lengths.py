"""Where code gives an answer a Content-Length that is not its own, and how it is left out."""

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from naosu.fixers.call_next import assigned, is_attribute, passings
from naosu.fixers.carried_headers import STALE, filtered, headers_from, is_answer, with_carried_headers
from naosu.fixers.editing import argument, dotted_name, nodes_of, replace_nodes, without_argument
from naosu.fixers.places import Place, code_of, statements

LENGTH = "content-length"
_COPIES = ("dict", "MutableHeaders", "Headers")


@dataclass(frozen=True, eq=False)
class Length:
    """One place: the node that carries the length, and the file without it."""

    node: cst.CSTNode
    changed: cst.Module


def lengths(place: Place) -> Iterator[Length]:
    """Yield the places in which a file takes the length of another body over, the likeliest first."""
    passed = {(passing.function, passing.response) for passing in passings(place)}
    for function in nodes_of(place.module, cst.FunctionDef):
        names = {response for owner, response in passed if owner is function}
        text = code_of(function)
        if LENGTH in text.lower():
            yield from _written_lengths(place, function)
            continue
        yield from _copied(place, function, names)
        yield from _replaced_iterators(place, function, names)


def _copied(place: Place, function: cst.FunctionDef, names: set[str]) -> Iterator[Length]:
    """Headers of one answer, given to another whole."""
    for node in nodes_of(function.body, cst.Attribute):
        if node.attr.value not in ("headers", "raw_headers") or not isinstance(node.value, cst.Name | cst.Attribute):
            continue
        if place.within(node, cst.FunctionDef) is not function:
            continue
        source = code_of(node.value)
        changed = (
            _in_answer(place, function, node, source, names)
            or _in_name(place, function, node, source)
            or _in_raw(place, node, source)
        )
        if changed is not None:
            yield Length(node, changed)


def _in_answer(
    place: Place, function: cst.FunctionDef, node: cst.Attribute, source: str, names: set[str]
) -> cst.Module | None:
    """``SomeResponse(…, headers=dict(source.headers))``."""
    call = next((up for up in _calls_above(place, node) if is_answer(up)), None)
    arg = headers_from(call, source) if call is not None else None
    if call is None or arg is None or node.attr.value != "headers":
        return None
    line = place.within(call, cst.SimpleStatementLine)
    returned = line.body[-1] if line is not None else None
    if line is not None and isinstance(returned, cst.Return) and returned.value is call and source in names:
        new = with_carried_headers(line, source, place.module)
        if _is_whole(arg.value, source):
            return replace_nodes(place.module, {line: cst.FlattenSentinel(new)})
    return replace_nodes(place.module, {_whole_copy(place, node, arg.value): filtered(source)})


def _calls_above(place: Place, node: cst.CSTNode) -> Iterator[cst.Call]:
    current = place.within(node, cst.Call)
    while current is not None:
        yield current
        current = place.within(current, cst.Call)


def _is_whole(value: cst.BaseExpression, source: str) -> bool:
    return code_of(value) in (f"dict({source}.headers)", f"{source}.headers", f"{{**{source}.headers}}")


def _whole_copy(place: Place, node: cst.Attribute, top: cst.CSTNode) -> cst.CSTNode:
    """Return the expression that stands for the copied headers: ``dict(x.headers)``, or ``x.headers`` itself."""
    call = place.within(node, cst.Call)
    kind = dotted_name(call.func).rpartition(".")[2] if call is not None else ""
    if call is not None and kind in _COPIES and len(call.args) == 1 and call.args[0].value is node:
        return call
    comprehension = place.within(node, cst.DictComp)
    return comprehension if comprehension is not None and comprehension is top else node


def _in_name(place: Place, function: cst.FunctionDef, node: cst.Attribute, source: str) -> cst.Module | None:
    """``headers = dict(source.headers)``, and later ``headers=headers``."""
    line = place.within(node, cst.SimpleStatementLine)
    target, value = assigned(line) if line is not None else (None, None)
    if not isinstance(target, cst.Name) or value is None or node.attr.value != "headers":
        return None
    used = any(
        (arg := argument(call, "headers")) is not None
        and target.value in {n.value for n in nodes_of(arg.value, cst.Name)}
        for call in nodes_of(function.body, cst.Call)
        if is_answer(call)
    )
    whole = _whole_copy(place, node, value)
    if not used or (whole is node and value is node):
        return None
    return replace_nodes(place.module, {whole: filtered(source)})


def _in_raw(place: Place, node: cst.Attribute, source: str) -> cst.Module | None:
    """``new.raw_headers = source.raw_headers``, ``new.headers.update(source.headers)``."""
    call = place.within(node, cst.Call)
    is_update = call is not None and dotted_name(call.func).endswith(".headers.update")
    if call is not None and is_update and node.attr.value == "headers" and call.args[0].value is node:
        return replace_nodes(place.module, {node: filtered(source)})
    line = place.within(node, cst.SimpleStatementLine)
    target, value = assigned(line) if line is not None else (None, None)
    if isinstance(target, cst.Attribute) and target.attr.value == "raw_headers" and node.attr.value == "raw_headers":
        receiver = code_of(target.value)
        left_out = ", ".join(f'b"{name}"' for name in STALE)
        kept = f'[item for item in {receiver}.raw_headers if item[0] == b"{LENGTH}"]'
        new = f"{kept} + [item for item in {source}.raw_headers if item[0] not in ({left_out})]"
        if (
            value is not None
            and nodes_of(value, cst.Attribute)[:1] == [node]
            and code_of(value).endswith("raw_headers")
        ):
            return replace_nodes(place.module, {value: cst.parse_expression(new)})
    return None


def _replaced_iterators(place: Place, function: cst.FunctionDef, names: set[str]) -> Iterator[Length]:
    """``response.body_iterator = …`` with a body of our own, under the headers of the old one."""
    for line in nodes_of(function.body, cst.SimpleStatementLine):
        target, value = assigned(line)
        name = next((name for name in names if target is not None and is_attribute(target, name, "body_iterator")), "")
        if not name or not isinstance(value, cst.Call) or not value.args:
            continue
        gone = statements(f'del {name}.headers["{LENGTH}"]\n', place.module)
        yield Length(line, replace_nodes(place.module, {line: cst.FlattenSentinel([line, *gone])}))


def _written_lengths(place: Place, function: cst.FunctionDef) -> Iterator[Length]:
    """``headers={"Content-Length": str(len(text))}``: characters are no bytes, and the answer counts for itself."""
    for call in nodes_of(function.body, cst.Call):
        arg = argument(call, "headers") if is_answer(call) else None
        if arg is None or not isinstance(arg.value, cst.Dict):
            continue
        kept = [one for one in arg.value.elements if not _is_length(one)]
        if len(kept) == len(arg.value.elements):
            continue
        if kept:
            kept[-1] = kept[-1].with_changes(comma=arg.value.elements[-1].comma)
            yield Length(call, replace_nodes(place.module, {arg.value: arg.value.with_changes(elements=kept)}))
        else:
            yield Length(call, replace_nodes(place.module, {call: without_argument(call, arg)}))


def _is_length(element: cst.BaseDictElement) -> bool:
    return (
        isinstance(element, cst.DictElement)
        and isinstance(element.key, cst.SimpleString)
        and str(element.key.evaluated_value).lower() == LENGTH
        and "len(" in code_of(element.value)
    )
