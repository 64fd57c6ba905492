"""Answering 401 where a token is read that cannot be accepted."""

import re
from collections.abc import Sequence
from functools import partial

import libcst as cst

from naosu.fixers.database.symbols import names_in
from naosu.fixers.editing import ancestors, argument, nodes_of, with_argument
from naosu.fixers.edits import Edits
from naosu.fixers.jwt_answers import Answer, answer_for
from naosu.fixers.jwt_calls import ENCODE, Flow, JwtCall, issued_claims, jwt_calls, string_key, subscript_key
from naosu.fixers.places import Place
from naosu.ports.fixer import Workplace

ERRORS = {"jwt": ("jwt", "InvalidTokenError"), "jose": ("jose", "JWTError")}


def has_guarded_callers(work: Workplace, name: str) -> bool:
    """Tell whether a caller handles the error itself: what is raised instead would pass it by."""
    for path, module in work.source.modules(name):
        place = Place(path, module)
        for call in nodes_of(module, cst.Call):
            if module.code_for_node(call.func).rpartition(".")[2] == name and _jwt_try(place, call) is not None:
                return True
    return False


def _jwt_try(place: Place, node: cst.CSTNode) -> cst.Try | None:
    """Return the statement that handles errors of tokens around a node, if there is one in its function."""
    for up in ancestors(node, place.parents):
        if isinstance(up, cst.FunctionDef):
            return None
        if isinstance(up, cst.Try) and any(
            re.search(r"jwt|JWT|jose|Signature|TokenError|DecodeError", place.module.code_for_node(handler.type))
            for handler in up.handlers
            if handler.type is not None
        ):
            return up
    return None


def unguarded(work: Workplace, decodes: Sequence[JwtCall], path: str) -> list[cst.SimpleStatementLine]:
    """Return the statements of a file that read tokens, could answer, and handle no error of it."""
    found: list[cst.SimpleStatementLine] = []
    for one in decodes:
        line = one.place.within(one.call, cst.SimpleStatementLine) if one.place.path == path else None
        function = one.place.within(one.call, cst.FunctionDef)
        if line is None or function is None or _any_try(one.place, one.call):
            continue
        if answer_for(work, one.place, function) is not None and not has_guarded_callers(work, function.name.value):
            found.append(line)
    return found


def _any_try(place: Place, node: cst.CSTNode) -> bool:
    return any(isinstance(up, cst.Try) for up in ancestors(node, place.parents))


def guard(work: Workplace, edits: Edits, place: Place, line: cst.SimpleStatementLine, library: str) -> None:
    """Handle the errors of one statement: in the handlers that are around it, else in new ones."""
    function = place.within(line, cst.FunctionDef)
    answer = answer_for(work, place, function) if function is not None else None
    if answer is None:
        return
    error = _error_name(work, edits, place.path, library)
    for source, name in answer.imports:
        edits.need(source, name)
    outer = _jwt_try(place, line)
    if outer is not None:
        handler = _handler(error, answer, place)
        edits.change(outer, lambda node: node.with_changes(handlers=[*node.handlers, handler]))
        return
    edits.change(line, lambda node: _tried(node, _handler(error, answer, place)))


def _error_name(work: Workplace, edits: Edits, path: str, library: str) -> str:
    source, name = ERRORS[library]
    names = names_in(work.source, path)
    if library == "jwt" and "jwt" in {local for local, full in names.items() if full == "jwt"}:
        return f"jwt.{name}"
    edits.need(source, name)
    return next((local for local, full in names.items() if full == f"{source}.{name}"), name)


def _handler(error: str, answer: Answer, place: Place) -> cst.ExceptHandler:
    code = f"try:\n    pass\nexcept {error} as error:\n    {answer.code}\n"
    parsed = cst.parse_statement(code, config=place.module.config_for_parsing)
    if not isinstance(parsed, cst.Try):  # pragma: no cover - the text above is one
        raise TypeError(code)
    return parsed.handlers[0]


def _tried(line: cst.SimpleStatementLine, handler: cst.ExceptHandler) -> cst.Try:
    inside = line.with_changes(leading_lines=[])
    return cst.Try(body=cst.IndentedBlock([inside]), handlers=[handler], leading_lines=line.leading_lines)


def require_claims(work: Workplace, files: dict[str, Edits], decodes: Sequence[JwtCall]) -> None:
    """Let reading refuse a token without the claims that the application goes on to read from every token."""
    issued = [issued_claims(one.place, one.call) for one in jwt_calls(work.source, ENCODE)]
    always = [{string_key(element.key) for element in claims} for claims in issued if claims is not None]
    for one in decodes:
        edits = files.get(one.place.path)
        if edits is None or one.library != "jwt" or argument(one.call, "options") is not None:
            continue
        read = _claims_read(work, one)
        wanted = sorted(read.intersection(*always) if always else read & _claims_near(one))
        if wanted:
            code = "{" + f'"require": [{", ".join(f"{chr(34)}{name}{chr(34)}" for name in wanted)}]' + "}"
            value = cst.parse_expression(code)
            edits.change(one.call, partial(with_argument, keyword="options", value=value))


def _claims_read(work: Workplace, one: JwtCall) -> set[str]:
    flow = Flow(work.source, [one])
    return {
        key
        for place in flow.places
        for node in nodes_of(place.module, cst.Subscript)
        if (key := subscript_key(node)) and flow.holds(place, node.value)
    }


def _claims_near(one: JwtCall) -> set[str]:
    function = one.place.within(one.call, cst.FunctionDef)
    return {subscript_key(node) for node in nodes_of(function, cst.Subscript)} if function is not None else set()
