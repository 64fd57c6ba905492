"""Where the application makes its tables: its calls of ``create_all``, and the bases of its models."""

from collections.abc import Iterator

import libcst as cst
import msgspec

from naosu.fixers.database.symbols import Place, definition
from naosu.fixers.editing import dotted_name, enclosing_function, nodes_of, parents_of
from naosu.ports.fixer import SourceTree

_FACTORIES = {"declarative_base", "automap_base", "registry", "SQLAlchemy"}
_BASES = {"DeclarativeBase", "DeclarativeBaseNoMeta", "MappedAsDataclass", "SQLModel", "AsyncAttrs"}


class CreateAll(msgspec.Struct, frozen=True):
    """A use of ``create_all``.

    Attributes:
        owner: What stands before it: ``Base.metadata``, ``SQLModel.metadata``, ``db``.
        base: Where the base of that is defined. None: in a library.
        call: Not there where it is handed to ``run_sync``.
        function: The function that it stands in. None: it runs when its file is imported.
        chosen: It makes only some tables, which are named.
    """

    path: str
    owner: str
    base: Place | None
    node: cst.Attribute
    function: cst.FunctionDef | None
    chosen: bool
    guarded: bool

    @property
    def root(self) -> str:
        """The base or registry before it, without ``.metadata``."""
        return self.owner.removesuffix(".metadata")


def create_all_uses(source: SourceTree) -> Iterator[CreateAll]:
    """Yield every use of ``create_all`` that is not of a test."""
    for path, module in source.modules("create_all"):
        if "test" in path.rpartition("/")[2] or "tests" in path.split("/"):
            continue
        parents = parents_of(module)
        for node in nodes_of(module, cst.Attribute):
            if node.attr.value != "create_all" or not (owner := dotted_name(node.value)):
                continue
            call = parents.get(node)
            function = enclosing_function(node, parents)
            chosen = isinstance(call, cst.Call) and any(
                arg.keyword and arg.keyword.value == "tables" for arg in call.args
            )
            yield CreateAll(
                path, owner, definition(source, path, owner.removesuffix(".metadata")), node,
                function if isinstance(function, cst.FunctionDef) else None, chosen, _is_main(node, parents),
            )  # fmt: skip


def _is_main(node: cst.CSTNode, parents: dict[cst.CSTNode, cst.CSTNode]) -> bool:
    up: cst.CSTNode | None = node
    while up is not None:
        if isinstance(up, cst.If) and any(name.value == "__name__" for name in nodes_of(up.test, cst.Name)):
            return True
        up = parents.get(up)
    return False


def base_of(source: SourceTree, path: str, name: str) -> Place | None:
    """Return where the declarative base of a model class is defined. None: in a library, or not to be found."""
    module = source.module(path)
    seen: set[Place] = set()
    found: Place | None = Place(path, name)
    while found is not None and found not in seen and module is not None:
        seen.add(found)
        module = source.module(found.path)
        node = (
            next((one for one in nodes_of(module, cst.ClassDef) if one.name.value == found.name), None)
            if module
            else None
        )
        if node is None:
            return found
        parents = [dotted_name(arg.value) for arg in node.bases]
        if any(parent.rpartition(".")[2] in _BASES for parent in parents):
            return found if not parents or not any("SQLModel" in parent for parent in parents) else None
        found = next((place for parent in parents if (place := definition(source, found.path, parent))), None)
    return found


def is_new_base(statement: cst.BaseStatement) -> bool:
    """Whether a statement makes a declarative base of its own, and nothing else that could be lost."""
    if isinstance(statement, cst.ClassDef):
        bases = [dotted_name(arg.value).rpartition(".")[2] for arg in statement.bases]
        body = statement.body.body
        is_bare = all(
            isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Pass | cst.Expr) for line in body
        ) or all(isinstance(line, cst.Pass | cst.Expr) for line in body)
        return is_bare and bases == ["DeclarativeBase"]
    if isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Assign):
        value = statement.body[0].value
        return (
            isinstance(value, cst.Call)
            and dotted_name(value.func).rpartition(".")[2] == "declarative_base"
            and not value.args
        )
    return False
