"""``unexpected keyword argument 'on_startup'``: what is done at the start and the end is done by a lifespan."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from naosu.domain.classification import Category
from naosu.domain.repair import Diagnosis, FileEdit, Finding, Plan, PlanKind, Proof, Risk
from naosu.fixers.database.symbols import definition, top_level_names
from naosu.fixers.editing import (
    argument,
    dotted_name,
    nodes_of,
    replace_nodes,
    with_argument,
    with_import,
    without_argument,
)
from naosu.fixers.places import Place, code_of, free_name, statements
from naosu.fixers.signs import crashes_with, told
from naosu.fixers.web_apps import ASGI, App, apps
from naosu.ports.fixer import Workplace

SIGN = r"unexpected keyword argument 'on_(startup|shutdown)'|has no attribute '(on_event|add_event_handler)'"
KEYWORDS = ("on_startup", "on_shutdown")


@dataclass
class _Events:
    """What is called at the start and the end, and what says so now."""

    startup: list[str] = field(default_factory=list)
    shutdown: list[str] = field(default_factory=list)
    gone: dict[cst.CSTNode, cst.CSTNode | cst.RemovalSentinel] = field(default_factory=dict)


class OnStartupRemoved:
    """Recognises start and stop functions given in ways that Starlette 1 has removed."""

    name = "response_on_startup_removed"
    category = Category.RESPONSE

    def find(self, work: Workplace) -> Iterable[Finding]:
        """Yield one finding for all applications that do so."""
        crashes = crashes_with(work, SIGN, "TypeError", "AttributeError")
        if not crashes:
            return
        edits = tuple(edit for app in apps(work.source, ASGI) if (edit := _edit(work, app)) is not None)
        plan = Plan(
            kind=PlanKind.CODE,
            summary="Start and stop in a lifespan",
            explanation="Starlette 1 has lifespan only. The same functions are called, in the same order.",
            risk=Risk.LOW,
            proof=Proof(text="The application starts, and answers.", gone=(SIGN,)),
            undo="Revert the commit.",
            edits=edits,
        )
        yield Finding(
            diagnosis=Diagnosis(
                fixer=self.name,
                category=self.category,
                confidence=0.95 if edits else 0.7,
                evidence=tuple(line for crash in crashes for line in told(crash)),
                cause="on_startup, on_shutdown and on_event were removed; lifespan is what is left.",
                risk=Risk.LOW,
                options=() if edits else ("Write a lifespan, or stay below Starlette 1 until the framework follows.",),
            ),
            plans=(plan,) if edits else (),
            crashes=crashes,
        )


def _edit(work: Workplace, app: App) -> FileEdit | None:
    place = app.place
    events = _Events()
    call = _without_keywords(app, events)
    _decorated(app, events)
    if (not events.startup and not events.shutdown) or argument(app.call, "lifespan") is not None or call is None:
        return None
    name = free_name("lifespan", place.module)
    lines = "".join(f"    {_called(work, place, one)}\n" for one in events.startup)
    lines += "    yield\n"
    lines += "".join(f"    {_called(work, place, one)}\n" for one in events.shutdown)
    written = statements(f"@asynccontextmanager\nasync def {name}({app.name}):\n{lines}", place.module)
    gap = [cst.EmptyLine(indent=False)] * (2 if app.function is None else 1)
    function = written[0].with_changes(leading_lines=gap)
    line = app.line.with_deep_changes(
        app.call, func=app.call.func, args=with_argument(call, "lifespan", cst.Name(name)).args
    )
    line = line.with_changes(leading_lines=gap)
    module = replace_nodes(place.module, {**events.gone, app.line: cst.FlattenSentinel([function, line])})
    module, local = with_import(module, "contextlib", "asynccontextmanager")
    if local != "asynccontextmanager":
        return None
    return FileEdit(path=place.path, before=place.module.code, after=module.code)


def _without_keywords(app: App, events: _Events) -> cst.Call | None:
    """Take the functions out of the call that makes the application. None: they are no plain list."""
    call = app.call
    for keyword, into in zip(KEYWORDS, (events.startup, events.shutdown), strict=True):
        arg = argument(call, keyword)
        if arg is None:
            continue
        if not isinstance(arg.value, cst.List | cst.Tuple):
            return None
        into += [code_of(element.value) for element in arg.value.elements]
        call = without_argument(call, arg)
    return call


def _decorated(app: App, events: _Events) -> None:
    """Take ``@app.on_event("startup")`` off functions, and ``app.add_event_handler(…)`` away."""
    kinds = {"startup": events.startup, "shutdown": events.shutdown}
    for function in nodes_of(app.place.module, cst.FunctionDef):
        for decorator in function.decorators:
            call = decorator.decorator
            if isinstance(call, cst.Call) and dotted_name(call.func) == f"{app.name}.on_event" and call.args:
                kinds.get(code_of(call.args[0].value).strip("\"'"), []).append(function.name.value)
                events.gone[decorator] = cst.RemoveFromParent()
    for line in nodes_of(app.place.module, cst.SimpleStatementLine):
        node = line.body[0]
        added = node.value if isinstance(node, cst.Expr) else None
        if isinstance(added, cst.Call) and dotted_name(added.func) == f"{app.name}.add_event_handler":
            kinds.get(code_of(added.args[0].value).strip("\"'"), []).append(code_of(added.args[1].value))
            events.gone[line] = cst.RemoveFromParent()


def _called(work: Workplace, place: Place, name: str) -> str:
    """Return the call of a function, awaited if it is a coroutine function or none of ours."""
    where = definition(work.source, place.path, name)
    node = top_level_names(work.source, where.path).get(where.name) if where is not None else None
    if node is None:
        node = next((one for one in _functions(place) if one.name.value == name), None)
    is_sync = isinstance(node, cst.FunctionDef) and node.asynchronous is None
    return f"{name}()" if is_sync else f"await {name}()"


def _functions(place: Place) -> Iterator[cst.FunctionDef]:
    yield from nodes_of(place.module, cst.FunctionDef)
