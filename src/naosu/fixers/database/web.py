"""Where the application makes its web application, and how something is run when it starts."""

from collections.abc import Iterator

import libcst as cst
import msgspec

from naosu.fixers.database.symbols import names_in
from naosu.fixers.editing import enclosing_function, nodes_of, parents_of, qualified_name
from naosu.ports.fixer import SourceTree

_KINDS = {
    "fastapi.FastAPI": "fastapi", "fastapi.applications.FastAPI": "fastapi",
    "starlette.applications.Starlette": "starlette",
    "flask.Flask": "flask", "litestar.Litestar": "litestar", "quart.Quart": "quart",
}  # fmt: skip


class WebApplication(msgspec.Struct, frozen=True):
    """A call that makes a web application.

    Attributes:
        kind: ``fastapi``, ``starlette``, ``flask`` …
        name: The name that it is assigned to.
        function: The factory that it stands in. None: at the top level.
        statement: The line of the assignment.
    """

    path: str
    kind: str
    name: str
    call: cst.Call
    statement: cst.SimpleStatementLine
    function: cst.FunctionDef | None


def web_applications(source: SourceTree) -> Iterator[WebApplication]:
    """Yield the web applications that the source makes and gives a name."""
    for path, module in source.modules("FastAPI(", "Starlette(", "Flask(", "Quart("):
        if "test" in path.rpartition("/")[2] or "tests" in path.split("/"):
            continue
        names = names_in(source, path)
        parents = parents_of(module)
        for call in nodes_of(module, cst.Call):
            kind = _KINDS.get(qualified_name(call.func, names))
            assign = parents.get(call)
            statement = parents.get(assign) if assign is not None else None
            if kind is None or not isinstance(statement, cst.SimpleStatementLine):
                continue
            target = assign.targets[0].target if isinstance(assign, cst.Assign) else None
            if isinstance(assign, cst.AnnAssign):
                target = assign.target
            function = enclosing_function(call, parents)
            if isinstance(target, cst.Name):
                yield WebApplication(
                    path,
                    kind,
                    target.value,
                    call,
                    statement,
                    function if isinstance(function, cst.FunctionDef) else None,
                )
