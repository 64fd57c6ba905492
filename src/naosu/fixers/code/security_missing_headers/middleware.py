"""How each framework is told to send security headers, without touching those that the application sends itself."""

from collections.abc import Iterator, Mapping

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.editing import nodes_of, replace_nodes, with_import
from naosu.fixers.places import code_of, free_name, statements
from naosu.fixers.web_apps import ASGI, FLASK, App, added, apps
from naosu.ports.fixer import SourceTree

HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "strict-transport-security": "max-age=31536000",
}
MODULE = "security_headers"
CLASS = "SecurityHeadersMiddleware"
_ADDERS = ("add_middleware", "include_router", "mount", "add_exception_handler", "add_api_route", "register_blueprint")


def asgi_source(missing: Mapping[str, str]) -> str:
    """Return the source of a middleware that adds these headers to answers that lack them."""
    lines = "".join(f'    (b"{name}", b"{value}"),\n' for name, value in missing.items())
    return f'''"""Headers by which browsers protect the users of this application."""

SECURITY_HEADERS = [
{lines}]


class {CLASS}:
    """Adds what an answer lacks; what the application sets itself stays."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message):
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                present = {{name.lower() for name, _ in headers}}
                headers += [(name, value) for name, value in SECURITY_HEADERS if name not in present]
                message = {{**message, "headers": headers}}
            await send(message)

        await self.app(scope, receive, send_with_headers)
'''


def asgi_edits(source: SourceTree, missing: Mapping[str, str]) -> tuple[FileEdit, ...]:
    """Return a new module with the middleware, and its use in the application that is served; nothing if none is."""
    served = _served(source, list(apps(source, ASGI)))
    if served is None:
        return ()
    folder, _, _ = served.place.path.rpartition("/")
    path = f"{folder}/{MODULE}.py" if folder else f"{MODULE}.py"
    if source.text(path) is not None:
        return ()
    dotted = _beside(source, served.place.path, MODULE)
    last = (added(served, _ADDERS) or [served.line])[-1]
    use = statements(f"{served.name}.add_middleware({CLASS})\n", served.place.module)
    module = replace_nodes(served.place.module, {last: cst.FlattenSentinel([last, *use])})
    module, _ = with_import(module, dotted, CLASS)
    return (
        FileEdit(path=path, before=None, after=asgi_source(missing)),
        FileEdit(path=served.place.path, before=served.place.module.code, after=module.code),
    )


def _beside(source: SourceTree, path: str, name: str) -> str:
    """Return the dotted name of a module in the same folder as another."""
    dotted = source.dotted(path)
    package = dotted if path.endswith("__init__.py") else dotted.rpartition(".")[0]
    return f"{package}.{name}" if package else name


def _served(source: SourceTree, found: list[App]) -> App | None:
    """Return the application that is served: the only one, or the one that mounts the others."""
    if len(found) == 1:
        return found[0]
    outer = [app for app in found if added(app, ("mount", "include_router"))]
    return outer[0] if len(outer) == 1 else None


def flask_edits(source: SourceTree, missing: Mapping[str, str]) -> tuple[FileEdit, ...]:
    """Return an ``after_request`` for the only Flask application; nothing if there are none or several."""
    found = list(apps(source, FLASK))
    if len(found) != 1:
        return ()
    app = found[0]
    name = free_name("add_security_headers", app.place.module)
    lines = "".join(
        f'    response.headers.setdefault("{header.title()}", "{value}")\n' for header, value in missing.items()
    )
    hook = statements(
        f"@{app.name}.after_request\ndef {name}(response):\n"
        f'    """Add what an answer lacks."""\n{lines}    return response\n',
        app.place.module,
    )
    gap = [cst.EmptyLine(indent=False)] * (1 if app.function is not None else 2)
    hook = [one.with_changes(leading_lines=gap) for one in hook]
    last = (added(app, _ADDERS) or [app.line])[-1]
    after = _following(app, last)
    changes: dict[cst.CSTNode, cst.FlattenSentinel[cst.CSTNode]] = {last: cst.FlattenSentinel([last, *hook])}
    module = replace_nodes(app.place.module, {**changes, **_with_gap(after, in_function=app.function is not None)})
    return (FileEdit(path=app.place.path, before=app.place.module.code, after=module.code),)


def _following(app: App, line: cst.SimpleStatementLine) -> cst.BaseStatement | None:
    block = app.place.parents.get(line)
    body = list(block.body) if isinstance(block, cst.Module | cst.IndentedBlock) else []
    rest = body[body.index(line) + 1 :] if line in body else []
    return rest[0] if rest else None


def _with_gap(after: cst.BaseStatement | None, *, in_function: bool) -> dict[cst.CSTNode, cst.BaseStatement]:
    """Set a statement off from the function before it, where it is not yet."""
    if after is None or not isinstance(after, cst.SimpleStatementLine) or after.leading_lines:
        return {}
    lines = [cst.EmptyLine(indent=False)] * (1 if in_function else 2)
    return {after: after.with_changes(leading_lines=lines)}


def is_public(source: SourceTree) -> bool:
    """Tell whether the application decides itself who may read it from other sites."""
    needles = ("CORSMiddleware", "flask_cors", "corsheaders", "Access-Control-Allow-Origin")
    return any(True for _ in source.modules(*needles))


def sets_itself(source: SourceTree) -> Iterator[str]:
    """Yield the headers that code names, wherever it does."""
    for name in HEADERS:
        for _, module in source.modules(name, name.title()):
            if any(name in code_of(node).lower() for node in nodes_of(module, cst.SimpleString)):
                yield name
                break
