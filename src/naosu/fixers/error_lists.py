"""Where an application writes Pydantic's list of errors as JSON."""

from collections.abc import Iterator

import libcst as cst

from naosu.fixers.database.symbols import names_in
from naosu.fixers.editing import ancestors, argument, dotted_name, enclosing_function, nodes_of
from naosu.fixers.edits import Edits, Step
from naosu.fixers.places import Place
from naosu.ports.fixer import Workplace

RESPONSES = frozenset({"JSONResponse", "ORJSONResponse", "UJSONResponse", "JsonResponse", "jsonify", "dumps"})
ENCODERS = frozenset({"jsonable_encoder", "str", "repr", "to_jsonable_python"})


def error_lists(function: cst.CSTNode) -> list[cst.Call]:
    """Return the calls of ``exc.errors()`` in a function, without arguments."""
    return [
        call
        for call in nodes_of(function, cst.Call)
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "errors" and not call.args
    ]


def raw_bodies(function: cst.CSTNode) -> list[cst.Attribute]:
    """Return where a handler reads ``exc.body``, which is bytes when the client said nothing of JSON."""
    if not isinstance(function, cst.FunctionDef):
        return []
    names = {param.name.value for param in function.params.params}
    return [
        node
        for node in nodes_of(function, cst.Attribute)
        if node.attr.value == "body" and dotted_name(node.value) in names and "exc" in dotted_name(node.value)
    ]


def is_encoded(place: Place, node: cst.CSTNode) -> bool:
    """Tell whether something encodes a value on its way out."""
    return any(
        isinstance(up, cst.Call) and dotted_name(up.func).rpartition(".")[2] in ENCODERS
        for up in ancestors(node, place.parents)
    )


def sinks(place: Place, function: cst.CSTNode) -> Iterator[tuple[cst.Call, cst.Arg]]:
    """Yield the calls that write JSON, with what they write."""
    for call in nodes_of(function, cst.Call):
        last = dotted_name(call.func).rpartition(".")[2]
        if last not in RESPONSES:
            continue
        if last == "dumps" and any(arg.keyword and arg.keyword.value in {"default", "cls"} for arg in call.args):
            continue
        content = argument(call, "content") or argument(call, "data") or next(iter(call.args), None)
        if content is not None and not content.star and not is_encoded(place, call):
            yield call, content


def encode(work: Workplace, edits: Edits, place: Place, function: cst.CSTNode) -> bool:
    """Let what a function writes of errors be plain JSON. Return whether there was something to do."""
    if work.version("fastapi") is None:
        return _without_context(edits, place, function)
    lists = [call for call in error_lists(function) if not is_encoded(place, call)]
    bodies = [
        node for node in raw_bodies(function) if not is_encoded(place, node) and _is_in_sink(place, function, node)
    ]
    direct = [call for call in lists if _is_in_sink(place, function, call) or _is_only_written(place, function, call)]
    name = _encoder(work, edits, place.path)
    if lists and len(direct) == len(lists):
        for node in (*direct, *bodies):
            edits.change(node, _encoded(name))
        return True
    found = False
    for _, content in sinks(place, function):
        if not isinstance(content.value, cst.Call) or content.keyword is not None or lists or bodies:
            edits.change(content.value, _encoded(name))
            found = True
    return found


def _encoder(work: Workplace, edits: Edits, path: str) -> str:
    names = names_in(work.source, path)
    edits.need("fastapi.encoders", "jsonable_encoder")
    return next((local for local, full in names.items() if full.endswith(".jsonable_encoder")), "jsonable_encoder")


def _encoded(name: str) -> Step:
    return lambda node: cst.Call(func=cst.Name(name), args=[cst.Arg(node)])


def _is_in_sink(place: Place, function: cst.CSTNode, node: cst.CSTNode) -> bool:
    within = list(ancestors(node, place.parents))
    plain = (cst.Dict, cst.DictElement, cst.Arg, cst.Call, cst.List, cst.Element)
    for _, content in sinks(place, function):
        if content in within:
            return all(isinstance(up, plain) for up in within[: within.index(content)])
    return False


def _is_only_written(place: Place, function: cst.CSTNode, call: cst.Call) -> bool:
    """Tell whether a list is kept under a name that is only written."""
    statement = place.parents.get(call)
    if not isinstance(statement, cst.Assign) or len(statement.targets) != 1:
        return False
    name = dotted_name(statement.targets[0].target)
    target = statement.targets[0].target
    uses = [node for node in nodes_of(function, cst.Name) if node.value == name and node is not target]
    return bool(name and uses) and all(_is_in_sink(place, function, use) for use in uses)


def _without_context(edits: Edits, place: Place, function: cst.CSTNode) -> bool:
    """Leave out what is no JSON, where Pydantic is used without FastAPI."""
    lists = [call for call in error_lists(function) if not is_encoded(place, call)]
    for call in lists:
        code = f"{place.module.code_for_node(call.func)}(include_context=False, include_input=False)"
        edits.replace(call, code)
    return bool(lists)


def handlers(place: Place) -> Iterator[cst.FunctionDef]:
    """Yield the functions of a file that write errors of validation as JSON."""
    for function in nodes_of(place.module, cst.FunctionDef):
        writes = error_lists(function) and any(sinks(place, function))
        if writes and enclosing_function(function, place.parents) is None and "Validation" in place.module.code:
            yield function
