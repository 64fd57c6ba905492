"""A middleware inside the CORS middleware that answers what nothing else catches, and where it goes."""

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.editing import argument, nodes_of, qualified_name, replace_nodes, with_import
from naosu.fixers.places import Place, code_of, places_with, statements
from naosu.fixers.web_apps import names_in
from naosu.ports.fixer import SourceTree

MODULE = "catch_all"
CLASS = "CatchAllMiddleware"
SOURCE = f'''"""Answers errors that nothing else catches where other middleware, such as CORS, still sees the answer."""

import inspect
import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse

logger = logging.getLogger(__name__)


class {CLASS}:
    """Asks the application's own handler for Exception; the error is logged as before."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message):
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except Exception as exc:
            if started:
                raise
            logger.exception("Exception in ASGI application: %s %s", scope["method"], scope["path"])
            response = await self.answer(Request(scope, receive), exc)
            await response(scope, receive, send)

    async def answer(self, request, exc):
        handlers = request.app.exception_handlers
        handler = handlers.get(500) or handlers.get(Exception)
        if handler is None:
            return PlainTextResponse("Internal Server Error", status_code=500)
        if inspect.iscoroutinefunction(handler):
            return await handler(request, exc)
        return await run_in_threadpool(handler, request, exc)
'''


@dataclass(frozen=True, eq=False)
class Cors:
    """Where the CORS middleware is added.

    Attributes:
        line: ``app.add_middleware(CORSMiddleware, …)``. None: it is an element of a list.
        element: ``Middleware(CORSMiddleware, …)`` in a list.
    """

    place: Place
    call: cst.Call
    line: cst.SimpleStatementLine | None
    element: cst.Element | None


def cors_of(source: SourceTree) -> Iterator[Cors]:
    """Yield where an application adds Starlette's CORS middleware."""
    for place in places_with(source, "CORSMiddleware"):
        names = names_in(source, place)
        for call in nodes_of(place.module, cst.Call):
            if not call.args or not qualified_name(call.args[0].value, names).endswith(".CORSMiddleware"):
                continue
            line = place.parents.get(call)
            element = line if isinstance(line, cst.Element) else None
            statement = place.within(call, cst.SimpleStatementLine)
            if element is not None:
                yield Cors(place, call, None, element)
            elif statement is not None and code_of(call.func).endswith(".add_middleware"):
                yield Cors(place, call, statement, None)


def handlers_of(source: SourceTree) -> Iterator[str]:
    """Yield where an application has a handler for every exception, for a person."""
    for place in places_with(source, "exception_handler"):
        for call in nodes_of(place.module, cst.Call):
            if code_of(call.func).rpartition(".")[2] in ("exception_handler", "add_exception_handler"):
                arg = argument(call, "exc_class_or_status_code", 0)
                if arg is not None and code_of(arg.value) in ("Exception", "500", "BaseException"):
                    yield place.line_of(call)
        for element in nodes_of(place.module, cst.DictElement):
            above = place.within(element, cst.Arg)
            is_theirs = above is not None and above.keyword is not None and above.keyword.value == "exception_handlers"
            if is_theirs and code_of(element.key) in ("Exception", "500"):
                yield place.line_of(element)


def edits_for(source: SourceTree, cors: Cors) -> tuple[FileEdit, ...]:
    """Return the new module, and its use inside the CORS middleware; nothing if the name is taken."""
    place = cors.place
    folder, _, _ = place.path.rpartition("/")
    path = f"{folder}/{MODULE}.py" if folder else f"{MODULE}.py"
    if source.text(path) is not None:
        return ()
    if cors.line is not None:
        receiver = code_of(cors.call.func).rpartition(".")[0]
        use = statements(f"{receiver}.add_middleware({CLASS})\n", place.module)
        use[0] = use[0].with_changes(leading_lines=cors.line.leading_lines)
        kept = cors.line.with_changes(leading_lines=[])
        module = replace_nodes(place.module, {cors.line: cst.FlattenSentinel([*use, kept])})
    elif cors.element is not None:
        new = cst.Element(cst.parse_expression(f"{code_of(cors.call.func)}({CLASS})"), comma=cors.element.comma)
        first = cors.element.with_changes(comma=cst.Comma(whitespace_after=_gap(place, cors.element)))
        module = replace_nodes(place.module, {cors.element: cst.FlattenSentinel([first, new])})
    else:
        return ()
    dotted = source.dotted(place.path)
    package = dotted if place.path.endswith("__init__.py") else dotted.rpartition(".")[0]
    module, _ = with_import(module, f"{package}.{MODULE}" if package else MODULE, CLASS)
    return (
        FileEdit(path=path, before=None, after=SOURCE),
        FileEdit(path=place.path, before=place.module.code, after=module.code),
    )


def _gap(place: Place, element: cst.Element) -> cst.BaseParenthesizableWhitespace:
    """Return what stands between the elements of a list: a line break where its first element stands on a new line."""
    listed = place.parents.get(element)
    opening = listed.lbracket.whitespace_after if isinstance(listed, cst.List) else None
    return opening if isinstance(opening, cst.ParenthesizedWhitespace) else cst.SimpleWhitespace(" ")
