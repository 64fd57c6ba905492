"""Connections of plain ``sqlite3``: where they are opened, and how each thread gets its own."""

from collections.abc import Iterator

import libcst as cst
import msgspec

from naosu.domain.repair import FileEdit
from naosu.fixers.database.blocks import change_block, define_after, parsed
from naosu.fixers.database.engines import edits_of, text_of
from naosu.fixers.database.symbols import Place, definition, names_in
from naosu.fixers.editing import (
    argument,
    dotted_name,
    enclosing_function,
    nodes_of,
    parents_of,
    qualified_name,
    replace_nodes,
    with_argument,
    with_import,
)
from naosu.ports.fixer import SourceTree

_CONNECT = {"sqlite3.connect", "sqlite3.dbapi2.connect"}
_OPEN = "connection_of_this_thread"


class Opened(msgspec.Struct, frozen=True):
    """A call of ``sqlite3.connect``.

    Attributes:
        name: What it is assigned to, or empty.
        is_kept_on: It is assigned to an attribute or an item as well: something keeps it.
    """

    path: str
    call: cst.Call
    name: str
    line: cst.SimpleStatementLine | None
    function: cst.FunctionDef | None
    is_kept_on: bool = False

    @property
    def is_memory(self) -> bool:
        """Whether the database is in memory, where a second connection would be another database."""
        return bool(self.call.args) and ":memory:" in text_of(self.call.args[0].value)


def opened(source: SourceTree) -> Iterator[Opened]:
    """Yield where connections are opened that check their thread."""
    for path, module in source.modules("sqlite3"):
        if "test" in path:
            continue
        names, parents = names_in(source, path), parents_of(module)
        for call in nodes_of(module, cst.Call):
            check = argument(call, "check_same_thread")
            if qualified_name(call.func, names) not in _CONNECT or (check and dotted_name(check.value) == "False"):
                continue
            assign = parents.get(call)
            name, is_kept_on = "", False
            if isinstance(assign, cst.Assign):
                name = module.code_for_node(assign.targets[0].target)
                is_kept_on = any(not isinstance(one.target, cst.Name) for one in assign.targets)
            elif isinstance(assign, cst.AnnAssign):
                name = module.code_for_node(assign.target)
            line = parents.get(assign) if assign else None
            function = enclosing_function(call, parents)
            yield Opened(
                path,
                call,
                name,
                line if isinstance(line, cst.SimpleStatementLine) else None,
                function if isinstance(function, cst.FunctionDef) else None,
                is_kept_on,
            )


def global_edits(source: SourceTree) -> tuple[FileEdit, ...]:
    """Replace a connection at the top level of a module by a function that returns the thread's own."""
    shared = [one for one in opened(source) if one.function is None and one.name.isidentifier() and one.line]
    if len(shared) != 1 or shared[0].is_memory:
        return ()
    one = shared[0]
    module = source.module(one.path)
    if module is None or _is_rebound(module, one.name) or _OPEN in module.code:
        return ()
    home = Place(one.path, one.name)
    changed: dict[str, cst.Module] = {}
    for path, other in source.modules(one.name):
        if path != one.path and any(definition(source, path, name) == home for name in names_in(source, path)):
            changed[path] = _elsewhere(source, path, other, home)
    whole = [p for p, m in source.modules(one.name) if p != one.path and _through_module(source, p, m, home)]
    for path in whole:
        known = changed.get(path) or source.module(path)
        if known is not None:
            changed[path] = _attributes(source, path, known, home)
    changed[one.path] = _at_home(module, one)
    return edits_of(source, changed)


def _is_rebound(module: cst.Module, name: str) -> bool:
    """Whether anything assigns the name again: then it is not clear which connection is meant."""
    targets = [dotted_name(one.target) for one in nodes_of(module, cst.AssignTarget)]
    return targets.count(name) > 1 or any(
        item.name.value == name for node in nodes_of(module, cst.Global) for item in node.names
    )


def _at_home(module: cst.Module, one: Opened) -> cst.Module:
    """Keep the connection for what runs at import, and let functions open their thread's own."""
    parents = parents_of(module)
    uses: dict[cst.CSTNode, cst.CSTNode] = {}
    for node in nodes_of(module, cst.Name):
        parent = parents.get(node)
        is_attribute = isinstance(parent, cst.Attribute) and parent.attr is node
        is_keyword = isinstance(parent, cst.Arg) and parent.keyword is node
        if node.value == one.name and not is_attribute and not is_keyword and _runs_later(node, parents):
            uses[node] = cst.parse_expression(f"{_OPEN}()")
    connect = module.code_for_node(one.call)
    settings = "".join(f"        {text}\n" for text in _settings(module, one.name, "connection"))
    text = (
        f"_per_thread = threading.local()\n\n\ndef {_OPEN}():\n"
        '    """Return the connection of this thread, opened when it first asks."""\n'
        '    connection = getattr(_per_thread, "connection", None)\n    if connection is None:\n'
        f"        connection = _per_thread.connection = {connect}\n{settings}    return connection\n"
    )
    line = one.line
    result = define_after(module, line, parsed(module, text), is_top_level=True) if line else module
    pairs = _paired(result, module, uses)
    result = replace_nodes(result, pairs)
    result, _ = with_import(result, "threading")
    return result


def _paired(
    result: cst.Module, module: cst.Module, uses: dict[cst.CSTNode, cst.CSTNode]
) -> dict[cst.CSTNode, cst.CSTNode]:
    """Return the same uses among the nodes of a changed module: its own new names are not among them."""
    name = next((node.value for node in uses if isinstance(node, cst.Name)), "")
    before = [node for node in nodes_of(module, cst.Name) if node.value == name]
    after = [node for node in nodes_of(result, cst.Name) if node.value == name]
    if len(before) != len(after):
        parents = parents_of(result)
        after = [node for node in after if not _is_inside_new(node, parents)]
    return {new: uses[old] for old, new in zip(before, after, strict=False) if old in uses}


def _is_inside_new(node: cst.CSTNode, parents: dict[cst.CSTNode, cst.CSTNode]) -> bool:
    function = enclosing_function(node, parents)
    return isinstance(function, cst.FunctionDef) and function.name.value == _OPEN


def _runs_later(node: cst.CSTNode, parents: dict[cst.CSTNode, cst.CSTNode]) -> bool:
    return enclosing_function(node, parents) is not None


def _settings(module: cst.Module, name: str, local: str) -> Iterator[str]:
    """Yield the statements at the top level that set the connection up: its row factory, its PRAGMAs."""
    for line in module.body:
        if not isinstance(line, cst.SimpleStatementLine):
            continue
        code = module.code_for_node(line.with_changes(leading_lines=[])).strip()
        is_factory = code.startswith((f"{name}.row_factory", f"{name}.text_factory", f"{name}.isolation_level"))
        is_pragma = code.startswith(f"{name}.execute") and "pragma" in code.lower()
        if is_factory or is_pragma:
            yield local + code[len(name) :]


def _elsewhere(source: SourceTree, path: str, module: cst.Module, home: Place) -> cst.Module:
    """Let another file that imports the connection import the function, and call it."""
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    locals_ = {name for name in names_in(source, path) if definition(source, path, name) == home}
    parents = parents_of(module)
    for node in nodes_of(module, cst.ImportFrom):
        if not isinstance(node.names, cst.ImportStar):
            aliases = [
                alias.with_changes(name=cst.Name(_OPEN), asname=None) if dotted_name(alias.name) == home.name else alias
                for alias in node.names
            ]
            changes[node] = node.with_changes(names=aliases)
    for name in nodes_of(module, cst.Name):
        parent = parents.get(name)
        is_attribute = isinstance(parent, cst.Attribute) and parent.attr is name
        if name.value in locals_ and not is_attribute and not isinstance(parent, cst.ImportAlias | cst.AsName):
            changes[name] = cst.parse_expression(f"{_OPEN}()")
    return replace_nodes(module, changes)


def _through_module(source: SourceTree, path: str, module: cst.Module, home: Place) -> bool:
    return any(_is_home(source, path, node, home) for node in nodes_of(module, cst.Attribute))


def _is_home(source: SourceTree, path: str, node: cst.Attribute, home: Place) -> bool:
    if node.attr.value != home.name or not isinstance(node.value, cst.Name):
        return False
    return source.find_module(names_in(source, path).get(node.value.value, "")) == home.path


def _attributes(source: SourceTree, path: str, module: cst.Module, home: Place) -> cst.Module:
    changes: dict[cst.CSTNode, cst.CSTNode] = {
        node: cst.parse_expression(f"{dotted_name(node.value)}.{_OPEN}()")
        for node in nodes_of(module, cst.Attribute)
        if _is_home(source, path, node, home)
    }
    return replace_nodes(module, changes)


def attribute_edits(source: SourceTree) -> tuple[FileEdit, ...]:
    """Replace a connection that an object keeps by a property that returns the thread's own."""
    kept = [one for one in opened(source) if one.name.startswith("self.") and one.function and one.line]
    if len(kept) != 1 or kept[0].is_memory or kept[0].function is None or kept[0].function.name.value != "__init__":
        return ()
    one = kept[0]
    module = source.module(one.path)
    parents = parents_of(module) if module else {}
    attribute = one.name.removeprefix("self.")
    function, line = one.function, one.line
    if module is None or function is None or line is None or not attribute.isidentifier():
        return ()
    params = [param.name.value for param in function.params.params[1:]]
    code = module.code_for_node(one.call)
    keeps = [name for name in params if any(node.value == name for node in nodes_of(one.call, cst.Name))]
    block = parents.get(function)
    if not isinstance(block, cst.IndentedBlock):
        return ()
    lines = "".join(f"self._{name} = {name}\n" for name in keeps) + "self._per_thread = threading.local()\n"
    for name in keeps:
        code = _renamed(module, one.call, name)
    inside = list(_attribute_settings(module, function, one.name))
    text = (
        f"@property\ndef {attribute}(self):\n"
        '    """Return the connection of this thread, opened when it first asks."""\n'
        '    if not hasattr(self._per_thread, "connection"):\n'
        f"        self._per_thread.connection = {code}\n"
        + "".join(f"        {setting}\n" for setting in inside)
        + "    return self._per_thread.connection\n"
    )
    changed = define_after(module, function, parsed(module, text), is_top_level=False)
    target = next(one_line for one_line in nodes_of(changed, cst.SimpleStatementLine) if one_line.deep_equals(line))
    changed = change_block(
        changed, target, lambda body, index: [*body[:index], *parsed(module, lines), *body[index + 1 :]]
    )
    changed, _ = with_import(changed, "threading")
    return edits_of(source, {one.path: changed})


def _renamed(module: cst.Module, call: cst.Call, name: str) -> str:
    names: dict[cst.CSTNode, cst.CSTNode] = {
        node: cst.parse_expression(f"self._{name}") for node in nodes_of(call, cst.Name) if node.value == name
    }
    return replace_nodes(cst.Module([cst.SimpleStatementLine([cst.Expr(call)])]), names).code.strip()


def _attribute_settings(module: cst.Module, function: cst.FunctionDef, name: str) -> Iterator[str]:
    for line in function.body.body:
        if isinstance(line, cst.SimpleStatementLine):
            code = module.code_for_node(line.with_changes(leading_lines=[])).strip()
            if code.startswith(f"{name}.row_factory"):
                yield "self._per_thread.connection" + code[len(name) :]


def request_edits(source: SourceTree) -> tuple[FileEdit, ...]:
    """Let a connection that a function opens for one request be used in the threads that serve it."""
    changed: dict[str, cst.Module] = {}
    for one in opened(source):
        if one.function is None or one.is_kept_on:
            continue
        module = changed.get(one.path) or source.module(one.path)
        if module is None or _is_kept(one):
            continue
        call = next((node for node in nodes_of(module, cst.Call) if node.deep_equals(one.call)), None)
        if call is not None:
            changed[one.path] = replace_nodes(
                module, {call: with_argument(call, "check_same_thread", cst.Name("False"))}
            )
    return edits_of(source, changed)


def _is_kept(one: Opened) -> bool:
    """Whether a function keeps its connection for later calls: then threads would share it."""
    function = one.function
    if function is None:
        return True
    is_global = any(item.name.value == one.name for node in nodes_of(function, cst.Global) for item in node.names)
    is_cached = any("cache" in dotted_name(node) for deco in function.decorators for node in nodes_of(deco, cst.Name))
    return is_global or is_cached


def locked_edits(source: SourceTree) -> tuple[FileEdit, ...]:
    """Let a database in memory be used by all threads: SQLite itself lets them take turns, call by call."""
    changed: dict[str, cst.Module] = {}
    for one in opened(source):
        module = source.module(one.path)
        if module is not None and one.is_memory and one.function is None:
            call = with_argument(one.call, "check_same_thread", cst.Name("False"))
            changed[one.path] = replace_nodes(module, {one.call: call})
    return edits_of(source, changed)
