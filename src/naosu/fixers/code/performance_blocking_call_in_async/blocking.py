"""Where a coroutine holds up the event loop, and what to call instead."""

from collections.abc import Iterable, Mapping, Sequence

import libcst as cst
import msgspec

from naosu.fixers.cycles import ROUTE_METHODS
from naosu.fixers.editing import dotted_name, imported_names, nodes_of, qualified_name
from naosu.fixers.places import Place, place_of
from naosu.ports.fixer import SourceTree

SLEEP = "time.sleep"
HEADS = ("requests.", "urllib.request.", "subprocess.", "smtplib.", "ftplib.", "shutil.")
BLOCKING = frozenset({SLEEP, "os.system", "httpx.get", "httpx.post", "httpx.put", "httpx.patch", "httpx.delete",
                      "httpx.request", "httpx.head", "socket.create_connection", "socket.gethostbyname"})  # fmt: skip


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a coroutine where the event loop stood still.

    Attributes:
        call: The call that took the time.
        is_sleep: It is `time.sleep`.
    """

    place: Place
    function: cst.FunctionDef
    call: cst.Call
    is_sleep: bool

    @property
    def text(self) -> str:
        """The place, as one line of evidence."""
        return f"{self.place.line_of(self.call)} (in async {self.function.name.value})"


def is_blocking(call: cst.Call, names: Mapping[str, str]) -> bool:
    """Tell whether a call is known to wait for something outside the process."""
    name = qualified_name(call.func, names)
    return name in BLOCKING or name.startswith(HEADS)


def site_of(source: SourceTree, stack: Sequence[Sequence[object]]) -> Site | None:
    """Return where the innermost coroutine of a stack (path, function, line; innermost first) waited. None: unknown."""
    called = ""
    for path, function, line in stack:
        place = place_of(source, str(path))
        if place is None or not isinstance(line, int):
            return None
        node = place.function_at(line)
        if node is not None and node.asynchronous is not None:
            call = _call_at(place, node, line, called)
            return Site(place=place, function=node, call=call, is_sleep=_is_sleep(place, call)) if call else None
        if not str(function).startswith("<"):
            called = str(function)
    return None


def _is_sleep(place: Place, call: cst.Call) -> bool:
    return qualified_name(call.func, imported_names(place.module)) == SLEEP


def _call_at(place: Place, function: cst.FunctionDef, line: int, called: str) -> cst.Call | None:
    """Return the call on a line: that of the function which was called, else a known one, else the outermost."""
    calls = [call for call in place.at(line, cst.Call) if place.within(call, cst.FunctionDef) is function]
    calls = [call for call in calls if not isinstance(place.parents[call], cst.Await | cst.Decorator)]
    names = imported_names(place.module)
    named = [call for call in calls if called and dotted_name(call.func).rpartition(".")[2] == called]
    known = [call for call in calls if is_blocking(call, names)]
    for choice in (named, known, calls[::-1]):
        if choice:
            return choice[0]
    return None


def known_sites(functions: Iterable[tuple[Place, cst.FunctionDef]]) -> list[Site]:
    """Return the calls in these coroutines that are known to wait."""
    found = []
    for place, function in functions:
        names = imported_names(place.module)
        for call in nodes_of(function, cst.Call):
            inner = place.within(call, cst.FunctionDef, cst.Lambda)
            if inner is function and is_blocking(call, names) and not isinstance(place.parents[call], cst.Await):
                found.append(Site(place=place, function=function, call=call, is_sleep=_is_sleep(place, call)))
    return found


def coroutines(source: SourceTree) -> list[tuple[Place, cst.FunctionDef]]:
    """Return all coroutines of an application with their files."""
    return [
        (place, node)
        for path, module in source.modules("async def")
        for place in [Place(path, module)]
        for node in nodes_of(module, cst.FunctionDef)
        if node.asynchronous is not None
    ]


def can_be_plain(source: SourceTree, place: Place, function: cst.FunctionDef) -> bool:
    """Tell whether the framework may run a function in a thread: a route or a dependency that awaits nothing."""
    waits = [
        node
        for node in nodes_of(function, cst.Await, cst.Yield, cst.For, cst.With, cst.CompFor)
        if isinstance(node, cst.Await | cst.Yield) or getattr(node, "asynchronous", None) is not None
    ]
    if waits:
        return False
    name = function.name.value
    called = any(
        dotted_name(call.func).rpartition(".")[2] == name
        for _, module in source.modules(name)
        for call in nodes_of(module, cst.Call)
    )
    return not called and (_is_route(function) or _is_dependency(source, name))


def _is_route(function: cst.FunctionDef) -> bool:
    calls = [one.decorator for one in function.decorators if isinstance(one.decorator, cst.Call)]
    return any(dotted_name(call.func).rpartition(".")[2] in ROUTE_METHODS - {"websocket"} for call in calls)


def _is_dependency(source: SourceTree, name: str) -> bool:
    return any(
        dotted_name(call.func).rpartition(".")[2] == "Depends"
        and any(dotted_name(arg.value) == name for arg in call.args)
        for _, module in source.modules("Depends")
        for call in nodes_of(module, cst.Call)
    )
