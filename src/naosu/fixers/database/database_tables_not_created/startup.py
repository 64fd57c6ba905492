"""Edits after which an application makes its tables when it starts."""

from collections.abc import Iterator, Sequence

import libcst as cst
import msgspec

from naosu.domain.repair import FileEdit
from naosu.fixers.database.blocks import change_block, insert_after, insert_before, parsed, statement_of, with_blank
from naosu.fixers.database.creating import CreateAll, base_of, is_new_base
from naosu.fixers.database.engines import edits_of, engine_calls
from naosu.fixers.database.schema import ModelTable
from naosu.fixers.database.symbols import Place, definition, import_closure, imports_of, names_in, top_level_names
from naosu.fixers.database.web import WebApplication, web_applications
from naosu.fixers.editing import dotted_name, nodes_of, parents_of, replace_nodes, with_argument, with_import
from naosu.ports.fixer import SourceTree


class Edit(msgspec.Struct, frozen=True):
    """One way in code, with the cause that it mends."""

    cause: str
    summary: str
    why: str
    edits: tuple[FileEdit, ...]
    facts: tuple[str, ...] = ()


def startup_edits(source: SourceTree, missing: Sequence[ModelTable], uses: Sequence[CreateAll]) -> list[Edit]:
    """Return the ways in code that make the tables, the best first."""
    table = next((one for one in missing if one.name and source.find_module(one.module)), None)
    if table is None:
        return []
    path = source.find_module(table.module) or ""
    base = base_of(source, path, table.name)
    running = [use for use in uses if not use.guarded and not use.chosen and _runs(source, use)]
    if any(use.chosen for use in uses):
        return []
    alike = [use for use in running if _same(use, base)]
    if alike:
        return [*_import_models(source, alike[0], path)]
    if running and base is not None:
        return [*_one_base(source, running[0], base, path), *_both_bases(source, running[0], base)]
    idle = [use for use in uses if use not in running and not use.guarded and use.function and _same(use, base)]
    if idle:
        return [*_call_it(source, idle[0], path)]
    return [*_make_at_start(source, base, table, path)]


def _same(use: CreateAll, base: Place | None) -> bool:
    if base is None:  # SQLModel keeps one metadata for all; Flask-SQLAlchemy's base is its registry
        return use.base is None or use.owner.endswith("db") or "SQLModel" in use.owner
    return use.base == base


def _runs(source: SourceTree, use: CreateAll) -> bool:
    """Whether a use is reached when the application runs: at the top level, or in a function that something calls."""
    if use.function is None or use.function.decorators:
        return True
    name = use.function.name.value
    if name in {"lifespan", "create_app", "make_app", "build_app"}:
        return True
    for path, module in source.modules(name):
        if "test" in path:
            continue
        parents = parents_of(module)
        for node in nodes_of(module, cst.Name):
            parent = parents.get(node)
            if node.value != name or isinstance(parent, cst.FunctionDef | cst.ImportAlias):
                continue
            if not _guarded(node, parents):
                return True
    return False


def _guarded(node: cst.CSTNode, parents: dict[cst.CSTNode, cst.CSTNode]) -> bool:
    up: cst.CSTNode | None = node
    while up is not None:
        if isinstance(up, cst.If) and any(name.value == "__name__" for name in nodes_of(up.test, cst.Name)):
            return True
        up = parents.get(up)
    return False


def _import_line(source: SourceTree, path: str, name: str = "") -> str:
    dotted = source.dotted(path)
    package, _, module = dotted.rpartition(".")
    if name:
        return f"from {dotted} import {name}"
    return f"from {package} import {module}  # noqa: F401" if package else f"import {dotted}  # noqa: F401"


def _import_models(source: SourceTree, use: CreateAll, models: str) -> Iterator[Edit]:
    """Import the models before the tables are made: what was never imported has no table."""
    module = source.module(use.path)
    statement = statement_of(module, use.node) if module else None
    if module is None or statement is None or models == use.path:
        return
    line = parsed(module, _import_line(source, models) + "\n")
    is_cycle = use.path in import_closure(source, models)
    parents = parents_of(module)
    outer: cst.CSTNode = statement
    while (up := parents.get(outer)) is not None and not isinstance(up, cst.IndentedBlock | cst.Module):
        outer = up
    if use.function is not None and is_cycle:
        changed = insert_before(module, outer if isinstance(outer, cst.BaseStatement) else statement, line)
    elif use.function is not None:
        changed = _with_module_import(module, source, models)
    else:
        changed = insert_before(module, outer if isinstance(outer, cst.BaseStatement) else statement, line)
    yield Edit(
        cause=f"`create_all` in {use.path} runs before anything imported {models}, so its tables are unknown then.",
        summary=f"Import {source.dotted(models)} before its tables are made",
        why="A model is known to its metadata once its module was imported.",
        edits=edits_of(source, {use.path: changed}),
        facts=(f"{use.path} calls {use.owner}.create_all",),
    )


def _with_module_import(module: cst.Module, source: SourceTree, path: str) -> cst.Module:
    package, _, name = source.dotted(path).rpartition(".")
    changed, _ = with_import(module, package or name, name if package else "")
    return changed


def _one_base(source: SourceTree, use: CreateAll, base: Place, models: str) -> Iterator[Edit]:
    """Let the models have the base whose tables are made."""
    if use.base is None or base.path in import_closure(source, use.base.path):
        return
    statement = top_level_names(source, base.path).get(base.name)
    module = source.module(base.path)
    if statement is None or module is None or not is_new_base(statement):
        return
    changed, local = with_import(module, source.dotted(use.base.path), use.base.name)
    old = next(one for one in changed.body if one is statement or one.deep_equals(statement))
    if local == base.name:
        changed = change_block(changed, old, _without)
    else:
        changed = change_block(
            changed,
            old,
            lambda body, index: [*body[:index], *parsed(changed, f"{base.name} = {local}\n"), *body[index + 1 :]],
        )
    changed = _without_unused(changed, ("declarative_base", "DeclarativeBase"))
    yield Edit(
        cause=f"There are two bases: `create_all` makes tables of {use.base.name} in {use.base.path}, and the models"
        f" in {models} have that of {base.path}.",
        summary=f"Let the models of {models} have the base of {use.base.path}",
        why="One base knows all tables, and relationships between them can be resolved.",
        edits=edits_of(source, {base.path: changed}),
        facts=(f"{use.path} calls {use.owner}.create_all", f"{base.path} makes a base of its own"),
    )


def _without(body: list[cst.BaseStatement], index: int) -> list[cst.BaseStatement]:
    """Remove a statement; what follows keeps the wider of the two gaps."""
    gone, rest = body[index], body[index + 1 :]
    if rest and len(getattr(gone, "leading_lines", ())) > len(getattr(rest[0], "leading_lines", ())):
        rest[0] = rest[0].with_changes(leading_lines=gone.leading_lines)  # type: ignore[attr-defined]
    return [*body[:index], *rest]


def _without_unused(module: cst.Module, names: Sequence[str]) -> cst.Module:
    """Remove the imports of these names where nothing uses them any more."""
    for name in names:
        imports = nodes_of(module, cst.ImportFrom)
        inside = {id(one) for node in imports for one in nodes_of(node, cst.Name)}
        if any(one.value == name and id(one) not in inside for one in nodes_of(module, cst.Name)):
            continue
        for node in imports:
            if isinstance(node.names, cst.ImportStar) or name not in [dotted_name(alias.name) for alias in node.names]:
                continue
            kept = [alias for alias in node.names if dotted_name(alias.name) != name]
            if kept:
                kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
                module = replace_nodes(module, {node: node.with_changes(names=kept)})
            else:
                line = statement_of(module, node)
                if line is not None:
                    module = change_block(module, line, _without)
            break
    return module


def _both_bases(source: SourceTree, use: CreateAll, base: Place) -> Iterator[Edit]:
    """Make the tables of the models' own base as well, beside the others."""
    module = source.module(use.path)
    statement = statement_of(module, use.node) if module else None
    if module is None or statement is None or use.path in import_closure(source, base.path):
        return
    code = module.code_for_node(statement.with_changes(leading_lines=[])).strip()
    alias = f"{base.name}Of{source.dotted(base.path).rpartition('.')[2].title().replace('_', '')}"
    twin = parsed(module, code.replace(use.owner, f"{alias}.metadata") + "\n")
    changed = insert_after(module, statement, twin)
    line = parsed(module, f"from {source.dotted(base.path)} import {base.name} as {alias}\n")
    imports = [one for one in changed.body if isinstance(one, cst.SimpleStatementLine)
               and isinstance(one.body[0], cst.Import | cst.ImportFrom)]  # fmt: skip
    if imports:
        changed = insert_after(changed, imports[-1], line)
        yield Edit(
            cause=f"There are two bases, and `create_all` makes the tables of one: that of {base.path} is left out.",
            summary=f"Make the tables of the base in {base.path} as well",
            why="Both collections of tables are made when the application starts.",
            edits=edits_of(source, {use.path: changed}),
        )


def _application(source: SourceTree) -> WebApplication | None:
    """Return the one web application of the source, at the top level or in a factory."""
    found = [*web_applications(source)]
    return found[0] if len(found) == 1 else None


def _imported(module: cst.Module, source: SourceTree, here: str, place: Place) -> tuple[cst.Module, str]:
    """Return the module with a name of another file imported, and the name by which to call it."""
    if place.path == here:
        return module, place.name
    for local in names_in(source, here):
        if definition(source, here, local) == place:
            return module, local
        if source.find_module(names_in(source, here)[local]) == place.path:
            return module, f"{local}.{place.name}"
    return with_import(module, source.dotted(place.path), place.name)


def _call_it(source: SourceTree, use: CreateAll, models: str) -> Iterator[Edit]:
    """Call the function that makes the tables and that nothing calls."""
    app = _application(source)
    function = use.function
    if app is None or function is None or _needs_arguments(function):
        return
    changed = source.module(app.path)
    if changed is None:
        return
    changed, name = _imported(changed, source, app.path, Place(use.path, function.name.value))
    is_async = function.asynchronous is not None
    result = _at_start(source, changed, app, f"await {name}()" if is_async else f"{name}()", is_async=is_async)
    if result is None:
        return
    modules = {app.path: result}
    if models not in import_closure(source, app.path) and models != use.path:
        modules[app.path] = _with_module_import(result, source, models)
    yield Edit(
        cause=f"{use.path} has {function.name.value}(), which makes the tables, and nothing calls it.",
        summary=f"Call {function.name.value}() when the application starts",
        why="It makes what is missing, and leaves what is there alone.",
        edits=edits_of(source, modules),
    )


def _needs_arguments(function: cst.FunctionDef) -> bool:
    return any(param.default is None for param in (*function.params.params, *function.params.kwonly_params))


def _make_at_start(source: SourceTree, base: Place | None, table: ModelTable, models: str) -> Iterator[Edit]:
    """Add the call of ``create_all`` that is nowhere."""
    app = _application(source)
    module = source.module(app.path) if app else None
    if app is None or module is None:
        return
    engines = [one for one in engine_calls(source) if one.is_top_level and one.name.isidentifier()]
    registry = _flask_registry(source, models)
    if registry is not None:
        module, name = _imported(module, source, app.path, registry)
        text = f"with {app.name}.app_context():\n    {name}.create_all()"
        changed = _flask_start(module, app, text)
        is_async = False
    elif len(engines) == 1:
        engine, is_async = engines[0], engines[0].is_async
        module, metadata = _metadata(module, source, app.path, base)
        module, name = _imported(module, source, app.path, Place(engine.path, engine.name))
        text = f"{metadata}.create_all(bind={name})"
        if is_async:
            text = f"async with {name}.begin() as connection:\n    await connection.run_sync({metadata}.create_all)"
        changed = _at_start(source, module, app, text, is_async=is_async)
    else:
        return
    if changed is None:
        return
    if models not in import_closure(source, app.path):
        changed = _with_module_import(changed, source, models)
    yield Edit(
        cause="Nothing makes the tables: there is no call of `create_all`, and there are no migrations.",
        summary="Make the tables of the models when the application starts",
        why="`create_all` makes what is missing, and leaves what is there alone.",
        edits=edits_of(source, {app.path: changed}),
    )


def _metadata(module: cst.Module, source: SourceTree, here: str, base: Place | None) -> tuple[cst.Module, str]:
    if base is None:
        module, name = with_import(module, "sqlmodel", "SQLModel")
        return module, f"{name}.metadata"
    module, name = _imported(module, source, here, base)
    return module, f"{name}.metadata"


def _flask_registry(source: SourceTree, models: str) -> Place | None:
    """Return where the Flask-SQLAlchemy registry of these models is made."""
    for path in (models, *sorted(imports_of(source, models))):
        for name, statement in top_level_names(source, path).items():
            for call in nodes_of(statement, cst.Call):
                if dotted_name(call.func).rpartition(".")[2] == "SQLAlchemy":
                    return Place(path, name)
    return None


def _flask_start(module: cst.Module, app: WebApplication, text: str) -> cst.Module | None:
    """Put statements behind the last one that sets the Flask application up."""
    block = app.function.body.body if app.function else module.body
    last: cst.CSTNode | None = None
    for statement in block:
        is_setup = isinstance(statement, cst.SimpleStatementLine) and not isinstance(statement.body[0], cst.Return)
        if is_setup and app.name in [node.value for node in nodes_of(statement, cst.Name)]:
            last = statement
    if last is None:
        return None
    return insert_after(module, last, with_blank(parsed(module, text + "\n")))


def _at_start(
    source: SourceTree, module: cst.Module, app: WebApplication, text: str, *, is_async: bool
) -> cst.Module | None:
    """Run statements when the application starts: in its lifespan, else where it is made, else in a new lifespan."""
    lifespan = next((one.value for one in app.call.args if one.keyword and one.keyword.value == "lifespan"), None)
    if isinstance(lifespan, cst.Name):
        function = next((one for one in nodes_of(module, cst.FunctionDef) if one.name.value == lifespan.value), None)
        first = function.body.body[0] if function else None
        if function is None or first is None:
            return None
        if function.get_docstring() is not None and len(function.body.body) > 1:
            first = function.body.body[1]
        return insert_before(module, first, parsed(module, text + "\n"))
    if lifespan is not None:
        return None
    statement = next((one for one in _lines(module) if one is app.statement or one.deep_equals(app.statement)), None)
    if statement is None:
        return None
    if not is_async:
        return insert_after(module, statement, parsed(module, text + "\n"))
    if app.kind not in {"fastapi", "starlette"} or app.function is not None:
        return None
    return _with_lifespan(module, app, statement, text)


def _lines(module: cst.Module) -> list[cst.SimpleStatementLine]:
    return nodes_of(module, cst.SimpleStatementLine)


def _with_lifespan(
    module: cst.Module, app: WebApplication, statement: cst.SimpleStatementLine, text: str
) -> cst.Module | None:
    call = next((one for one in nodes_of(statement, cst.Call) if one is app.call or one.deep_equals(app.call)), None)
    if call is None or any(one.keyword and one.keyword.value in {"on_startup", "on_shutdown"} for one in call.args):
        return None
    body = "\n".join(f"    {line}" for line in text.splitlines())
    function = parsed(module, f"@asynccontextmanager\nasync def lifespan(_):\n{body}\n    yield\n")
    changed = insert_before(module, statement, with_blank(function, 2))
    changed = replace_nodes(changed, {one: with_argument(one, "lifespan", cst.Name("lifespan"))
                                      for one in nodes_of(changed, cst.Call) if one.deep_equals(call)})  # fmt: skip
    changed, _ = with_import(changed, "contextlib", "asynccontextmanager")
    return changed
