"""Pydantic's classes in an application: which of its classes are models, through every import and base."""

from collections.abc import Iterable, Mapping

import libcst as cst
import msgspec

from naosu.fixers.database.symbols import definition, names_in
from naosu.fixers.editing import dotted_name, nodes_of, qualified_name
from naosu.ports.fixer import SourceTree

MODELS = frozenset({
    "pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.generics.GenericModel", "pydantic.RootModel",
    "pydantic.v1.BaseModel", "pydantic.v1.main.BaseModel", "pydantic.v1.generics.GenericModel",
})  # fmt: skip
SETTINGS = frozenset({
    "pydantic.BaseSettings", "pydantic.env_settings.BaseSettings", "pydantic_settings.BaseSettings",
    "pydantic.v1.BaseSettings",
})  # fmt: skip


class PydanticModel(msgspec.Struct, frozen=True, eq=False):
    """One class that Pydantic validates.

    Attributes:
        bases: Full names of its bases, by the imports of its file.
        parents: Those of its bases that are the application's own models.
        root: The class of Pydantic from which it comes: ``pydantic.BaseModel``.
    """

    path: str
    name: str
    node: cst.ClassDef
    bases: tuple[str, ...]
    parents: tuple["PydanticModel", ...]
    root: str

    @property
    def is_settings(self) -> bool:
        """It reads the environment."""
        return self.root in SETTINGS


class _Found(msgspec.Struct):
    path: str
    node: cst.ClassDef
    bases: tuple[str, ...]
    local: tuple[str, ...]


def pydantic_models(source: SourceTree) -> tuple[PydanticModel, ...]:
    """Return all models of the application, in the order of files and lines."""
    waiting: list[_Found] = []
    for path, module in source.modules("class "):
        names = names_in(source, path)
        for node in nodes_of(module, cst.ClassDef):
            local = tuple(_base_name(arg.value) for arg in node.bases)
            waiting.append(_Found(path, node, tuple(_full(name, names) for name in local), local))
    known: dict[tuple[str, str], PydanticModel] = {}
    while batch := [one for one in waiting if (one.path, one.node.name.value) not in known]:
        found = [model for one in batch if (model := _model(source, one, known)) is not None]
        if not found:
            break
        known.update({(model.path, model.name): model for model in found})
    order = {id(one.node): index for index, one in enumerate(waiting)}
    return tuple(sorted(known.values(), key=lambda model: order[id(model.node)]))


def _base_name(node: cst.BaseExpression) -> str:
    return dotted_name(node.value if isinstance(node, cst.Subscript) else node)


def _full(name: str, names: Mapping[str, str]) -> str:
    head, dot, rest = name.partition(".")
    return f"{names.get(head, head)}{dot}{rest}"


def _model(source: SourceTree, one: _Found, known: Mapping[tuple[str, str], PydanticModel]) -> PydanticModel | None:
    places = [definition(source, one.path, local) for local in one.local if local]
    parents = tuple(known[place.path, place.name] for place in places if place and (place.path, place.name) in known)
    root = next((base for base in one.bases if base in MODELS | SETTINGS), parents[0].root if parents else "")
    if not root:
        return None
    return PydanticModel(one.path, one.node.name.value, one.node, one.bases, parents, root)


def fields_of(node: cst.ClassDef) -> Iterable[tuple[str, cst.AnnAssign]]:
    """Yield the annotated fields of a model's own body; class variables and private ones left out."""
    if not isinstance(node.body, cst.IndentedBlock):
        return
    for line in node.body.body:
        if isinstance(line, cst.SimpleStatementLine):
            for statement in line.body:
                if isinstance(statement, cst.AnnAssign) and isinstance(statement.target, cst.Name):
                    name = statement.target.value
                    if not name.startswith("_") and "ClassVar" not in _words(statement.annotation):
                        yield name, statement


def _words(node: cst.CSTNode) -> set[str]:
    return {name.value for name in nodes_of(node, cst.Name)}


def is_optional(annotation: cst.BaseExpression, names: Mapping[str, str]) -> bool:
    """Tell whether a type lets None through: ``Optional[X]``, ``Union[X, None]``, ``X | None``, annotated or not."""
    if isinstance(annotation, cst.SimpleString):
        try:
            annotation = cst.parse_expression(str(annotation.evaluated_value))
        except cst.ParserSyntaxError:
            return False
    if isinstance(annotation, cst.BinaryOperation) and isinstance(annotation.operator, cst.BitOr):
        return any(_is_none(side) or is_optional(side, names) for side in (annotation.left, annotation.right))
    if not isinstance(annotation, cst.Subscript):
        return False
    full = qualified_name(annotation.value, names).rpartition(".")[2]
    inner = [item.slice.value for item in annotation.slice if isinstance(item.slice, cst.Index)]
    if full == "Annotated":
        return bool(inner) and is_optional(inner[0], names)
    return full == "Optional" or (full == "Union" and any(_is_none(one) or is_optional(one, names) for one in inner))


def _is_none(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "None"


def field_call(value: cst.BaseExpression | None, names: Mapping[str, str]) -> cst.Call | None:
    """Return the call of Pydantic's ``Field`` that a value is."""
    if isinstance(value, cst.Call) and qualified_name(value.func, names) in FIELD:
        return value
    return None


FIELD = frozenset({"pydantic.Field", "pydantic.fields.Field", "pydantic.v1.Field", "pydantic.v1.fields.Field"})
