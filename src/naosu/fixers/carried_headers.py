"""Headers that a new answer takes over from the one it is made of: all, but those that tell of the old body."""

import libcst as cst

from naosu.fixers.editing import argument, dotted_name, nodes_of, without_argument
from naosu.fixers.places import code_of, replaced_in, statements

STALE = ("content-length", "content-encoding", "etag")
ANSWER = "answer"


def is_answer(node: cst.CSTNode | None) -> bool:
    """Tell whether a node makes an answer: a call of something called ``…Response``."""
    return isinstance(node, cst.Call) and dotted_name(node.func).rpartition(".")[2].endswith("Response")


def headers_from(call: cst.Call, response: str) -> cst.Arg | None:
    """Return the ``headers=`` of a new answer that holds those of another one."""
    arg = argument(call, "headers")
    if arg is None:
        return None
    named = f"{response}.headers"
    found = any(code_of(node) == named for node in nodes_of(arg.value, cst.Attribute))
    return arg if found else None


def filtered(source: str, names: tuple[str, ...] = (*STALE, "transfer-encoding")) -> cst.BaseExpression:
    """Return the headers of another answer but for some, as a dict."""
    left_out = ", ".join(f'"{name}"' for name in names)
    return cst.parse_expression(
        f"{{name: value for name, value in {source}.headers.items() if name.lower() not in ({left_out})}}"
    )


def with_carried_headers(statement: cst.BaseStatement, response: str, module: cst.Module) -> list[cst.BaseStatement]:
    """Let ``return SomeResponse(…)`` carry the headers of the answer it replaces, each cookie of it included."""
    if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[-1], cst.Return):
        return [_in_branches(statement, response, module)]
    call = statement.body[-1].value
    if not isinstance(call, cst.Call) or not is_answer(call):
        return [statement]
    arg = headers_from(call, response)
    if arg is None and argument(call, "headers") is not None:
        return [statement]
    made = without_argument(call, arg) if arg is not None else call
    return list(
        statements(
            f"{ANSWER} = {code_of(made)}\n"
            f"{ANSWER}.raw_headers += [\n"
            f"    (name, value)\n"
            f"    for name, value in {response}.raw_headers\n"
            f"    if name not in {_names(made)}\n"
            f"]\n"
            f"return {ANSWER}\n",
            module,
        )
    )


def _names(call: cst.Call) -> str:
    """Return the headers that must not be carried: of the old body, and the type where the new answer has its own."""
    kind = dotted_name(call.func).rpartition(".")[2]
    has_type = kind not in ("Response", "StreamingResponse") or argument(call, "media_type") is not None
    names = [*STALE, "content-type"] if has_type else [*STALE]
    return "(" + ", ".join(f'b"{name}"' for name in names) + ")"


def _in_branches(statement: cst.BaseStatement, response: str, module: cst.Module) -> cst.BaseStatement:
    changes: dict[cst.IndentedBlock, cst.IndentedBlock] = {}
    for block in nodes_of(statement, cst.IndentedBlock):
        body = [
            new
            for inner in block.body
            for new in (
                with_carried_headers(inner, response, module) if isinstance(inner, cst.SimpleStatementLine) else [inner]
            )
        ]
        if len(body) != len(block.body):
            changes[block] = block.with_changes(body=body)
    for old, new in changes.items():
        statement = replaced_in(statement, old, new)
    return statement
