"""The call that turned something into JSON, and how it is told to make plain values first."""

from dataclasses import dataclass

import libcst as cst

from naosu.fixers.editing import argument, nodes_of, qualified_name, replace_nodes, with_argument, with_import
from naosu.fixers.places import Place, code_of, free_name, statements

ENCODER = ("fastapi.encoders", "jsonable_encoder")
DJANGO_ENCODER = ("django.core.serializers.json", "DjangoJSONEncoder")
_CONTENT = {"HTTPException": ("detail", 1), "send_json": ("data", 0), "dumps": ("obj", 0)}
PLAIN = '''

def {name}(value):
    """Return what stands for a value that JSON does not know."""
    if hasattr(value, "isoformat"):  # dates and times
        return value.isoformat()
    if hasattr(value, "as_integer_ratio"):  # decimals
        return float(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    return str(value)
'''


@dataclass(frozen=True, eq=False)
class JsonCall:
    """A call with the argument that becomes JSON.

    Attributes:
        kind: ``response`` (a class that renders JSON), ``dumps``, ``django``, ``exception``, ``socket``.
    """

    place: Place
    call: cst.Call
    content: cst.Arg
    kind: str


def json_call(place: Place, line: int, names: dict[str, str]) -> JsonCall | None:
    """Return the innermost call on a line that makes JSON."""
    for call in place.at(line, cst.Call):
        kind = _kind(qualified_name(call.func, names), call)
        if kind:
            tail = code_of(call.func).rpartition(".")[2]
            keyword, position = _CONTENT.get(tail, ("data" if kind == "django" else "content", 0))
            content = argument(call, keyword, position)
            if content is not None and not code_of(content.value).startswith("jsonable_encoder("):
                return JsonCall(place, call, content, kind)
    return None


def _kind(name: str, call: cst.Call) -> str:
    tail = name.rpartition(".")[2] or code_of(call.func).rpartition(".")[2]
    if name.startswith("json.") and tail == "dumps":
        return "dumps"
    if tail == "JsonResponse":
        return "django"
    if tail == "HTTPException":
        return "exception"
    if tail == "send_json":
        return "socket"
    return "response" if tail.endswith("JSONResponse") else ""


def with_encoder(found: JsonCall) -> cst.Module:
    """Return the file with FastAPI's encoder around what becomes JSON."""
    _, name = with_import(found.place.module, *ENCODER)
    value = cst.parse_expression(f"{name}({code_of(found.content.value)})")
    module = replace_nodes(found.place.module, {found.content.value: value})
    return with_import(module, *ENCODER)[0]


def with_django_encoder(found: JsonCall) -> cst.Module:
    """Return the file with Django's encoder given to ``json.dumps``."""
    _, name = with_import(found.place.module, *DJANGO_ENCODER)
    call = with_argument(found.call, "cls", cst.Name(name))
    return with_import(replace_nodes(found.place.module, {found.call: call}), *DJANGO_ENCODER)[0]


def with_own_default(found: JsonCall) -> cst.Module | None:
    """Return the file with a function for what JSON does not know, given to ``json.dumps``; without FastAPI.

    None: the call takes no such function.
    """
    place = found.place
    name = free_name("to_plain", place.module)
    if found.kind == "dumps":
        if argument(found.call, "default") is not None or argument(found.call, "cls") is not None:
            return None
        new: cst.BaseExpression = with_argument(found.call, "default", cst.Name(name))
        changes: dict[cst.CSTNode, cst.CSTNode] = {found.call: new}
    else:
        text = f"json.loads(json.dumps({code_of(found.content.value)}, default={name}))"
        changes = {found.content.value: cst.parse_expression(text)}
    module = _with_function(replace_nodes(place.module, changes), name)
    if found.kind == "dumps":
        return module
    module, local = with_import(module, "json")
    return module if local == "json" else None


def _with_function(module: cst.Module, name: str) -> cst.Module:
    body = list(module.body)
    imports = [index for index, line in enumerate(body) if nodes_of(line, cst.Import, cst.ImportFrom)
               and isinstance(line, cst.SimpleStatementLine)]  # fmt: skip
    at = imports[-1] + 1 if imports else 0
    added = statements(PLAIN.format(name=name), module)
    rest = body[at:]
    if rest and isinstance(rest[0], cst.SimpleStatementLine):
        gap = [cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)]
        kept = [line for line in rest[0].leading_lines if line.comment is not None]
        rest[0] = rest[0].with_changes(leading_lines=[*gap, *kept])
    function = added[0].with_changes(leading_lines=[cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)])
    return module.with_changes(body=[*body[:at], function, *rest])
