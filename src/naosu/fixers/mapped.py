"""Reading SQLAlchemy models from their source, where the application cannot be imported to ask it.

Knows `Column` and `mapped_column`, `relationship` and `Relationship`, Flask-SQLAlchemy and SQLModel.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import libcst as cst
import msgspec

from naosu.fixers.editing import argument, dotted_name, imported_names, nodes_of, qualified_name
from naosu.ports.fixer import SourceTree

RELATIONSHIPS = frozenset({"relationship", "Relationship", "dynamic_loader"})
COLUMNS = frozenset({"Column", "mapped_column", "Field"})
NEEDLES = ("relationship", "Relationship", "Column", "mapped_column", "Mapped", "SQLModel", "__tablename__")
WRAPPERS = frozenset({"Mapped", "List", "list", "Set", "set", "Optional", "Sequence", "Union", "WriteOnlyMapped"})


class ColumnOf(msgspec.Struct, frozen=True, kw_only=True):
    """A column as a class declares it.

    Attributes:
        call: ``Column(…)`` or ``mapped_column(…)``. None: only annotated.
        statement: The assignment.
        type_words: The names that tell its type: ``Integer``, ``int``.
        targets: What its foreign keys lead to, ``users.id``; ``User.id`` where the class itself was named.
    """

    attribute: str
    call: cst.Call | None
    statement: cst.BaseSmallStatement
    type_words: frozenset[str]
    targets: tuple[str, ...]
    is_primary: bool


class RelationOf(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship as a class declares it.

    Attributes:
        target: Name of the class that it leads to, without a module. Empty: cannot be told.
        argument: Where the target is named in the call. None: only in the annotation.
        back_populates: The property on the other side, by its name. Empty: none.
        backref: The property that it makes on the other side. Empty: none.
        is_many: It is a collection, by its annotation or ``uselist``. None: cannot be told.
    """

    attribute: str
    call: cst.Call
    statement: cst.BaseSmallStatement
    annotation: cst.BaseExpression | None
    target: str
    argument: cst.Arg | None
    back_populates: str
    backref: str
    is_many: bool | None


class ModelOf(msgspec.Struct, frozen=True, kw_only=True):
    """A mapped class as its source declares it.

    Attributes:
        table: Empty: cannot be told.
        bases: By their last name: ``Base``, ``Model``.
    """

    name: str
    path: str
    module: cst.Module
    node: cst.ClassDef
    table: str
    bases: tuple[str, ...]
    columns: dict[str, ColumnOf]
    relations: dict[str, RelationOf]

    @property
    def primary_keys(self) -> tuple[str, ...]:
        """Names of the attributes that are its primary key."""
        return tuple(name for name, column in self.columns.items() if column.is_primary)


def read_models(source: SourceTree) -> tuple[ModelOf, ...]:
    """Return the application's mapped classes, by path and place."""
    return tuple(model for path, module in source.modules(*NEEDLES) for model in models_in(path, module))


def models_in(path: str, module: cst.Module) -> Iterator[ModelOf]:
    """Yield the mapped classes of one file."""
    names = imported_names(module)
    for node in nodes_of(module, cst.ClassDef):
        model = _model(path, module, node, names)
        if model.table or model.relations or any(column.is_primary for column in model.columns.values()):
            yield model


def _model(path: str, module: cst.Module, node: cst.ClassDef, names: dict[str, str]) -> ModelOf:
    columns: dict[str, ColumnOf] = {}
    relations: dict[str, RelationOf] = {}
    for statement, attribute, annotation, value in assignments(node):
        call = value if isinstance(value, cst.Call) else None
        kind = qualified_name(call.func, names).rpartition(".")[2] if call else ""
        if call and kind in RELATIONSHIPS:
            relations[attribute] = _relation(attribute, call, statement, annotation)
        elif kind in COLUMNS or _is_mapped(annotation) or (annotation is not None and is_sqlmodel_table(node)):
            columns[attribute] = _column(attribute, call, statement, annotation)
    return ModelOf(
        name=node.name.value,
        path=path,
        module=module,
        node=node,
        table=_table(node, names),
        bases=tuple(dotted_name(base.value).rpartition(".")[2] for base in node.bases),
        columns=columns,
        relations=relations,
    )


def assignments(
    node: cst.ClassDef,
) -> Iterator[tuple[cst.BaseSmallStatement, str, cst.BaseExpression | None, cst.BaseExpression | None]]:
    """Yield what a class assigns in its body: statement, name, annotation, value."""
    for line in node.body.body:
        for statement in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if isinstance(statement, cst.AnnAssign) and isinstance(statement.target, cst.Name):
                yield statement, statement.target.value, statement.annotation.annotation, statement.value
            elif isinstance(statement, cst.Assign) and isinstance(statement.targets[0].target, cst.Name):
                yield statement, statement.targets[0].target.value, None, statement.value


def string_of(node: cst.CSTNode | None) -> str:
    """Return the value of a string literal, else an empty string."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else ""
    return ""


def _table(node: cst.ClassDef, names: dict[str, str]) -> str:
    for _, attribute, _, value in assignments(node):
        if attribute == "__tablename__":
            return string_of(value)
    bases = [qualified_name(base.value, names) for base in node.bases]
    if any(base.endswith(".Model") for base in bases) and not any("django" in base for base in bases):
        return _snake(node.name.value)
    if is_sqlmodel_table(node):
        return node.name.value.lower()
    return ""


def is_sqlmodel_table(node: cst.ClassDef) -> bool:
    """Tell whether a class is declared with ``table=True``: all that it annotates are columns."""
    return any(word.keyword and word.keyword.value == "table" for word in node.keywords)


def _snake(name: str) -> str:
    """Return the table that Flask-SQLAlchemy makes of a class's name."""
    return re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", name).lower().lstrip("_")


def _is_mapped(annotation: cst.BaseExpression | None) -> bool:
    return isinstance(annotation, cst.Subscript) and dotted_name(annotation.value).rpartition(".")[2] == "Mapped"


def _is_true(arg: cst.Arg | None) -> bool:
    return arg is not None and dotted_name(arg.value) == "True"


def _column(
    attribute: str, call: cst.Call | None, statement: cst.BaseSmallStatement, annotation: cst.BaseExpression | None
) -> ColumnOf:
    parts: Sequence[cst.CSTNode] = [arg.value for arg in call.args] if call else []
    keys = [key for part in parts for key in nodes_of(part, cst.Call) if _last(key.func) == "ForeignKey"]
    words = {word.value for part in parts for word in nodes_of(part, cst.Name)}
    words |= set(annotation_words(annotation))
    targets = [string_of(key.args[0].value) or dotted_name(key.args[0].value) for key in keys if key.args]
    if call and (named := argument(call, "foreign_key")):  # SQLModel's Field
        targets.append(string_of(named.value))
    return ColumnOf(
        attribute=attribute,
        call=call,
        statement=statement,
        type_words=frozenset(words),
        targets=tuple(target for target in targets if target),
        is_primary=bool(call) and _is_true(argument(call, "primary_key")) if call else False,
    )


def _last(node: cst.CSTNode) -> str:
    return dotted_name(node).rpartition(".")[2]


def _relation(
    attribute: str, call: cst.Call, statement: cst.BaseSmallStatement, annotation: cst.BaseExpression | None
) -> RelationOf:
    named = argument(call, "argument", 0)
    words = [word for word in annotation_words(annotation) if word not in WRAPPERS and word != "None"]
    target = _target(named.value) if named else ""
    uselist = argument(call, "uselist")
    many = {"True": True, "False": False}.get(dotted_name(uselist.value)) if uselist else _is_many(annotation)
    return RelationOf(
        attribute=attribute,
        call=call,
        statement=statement,
        annotation=annotation,
        target=target or (words[-1].rpartition(".")[2] if words else ""),
        argument=named,
        back_populates=_string_argument(call, "back_populates"),
        backref=_string_argument(call, "backref"),
        is_many=many,
    )


def _string_argument(call: cst.Call, keyword: str) -> str:
    arg = argument(call, keyword)
    if arg is None:
        return ""
    if isinstance(arg.value, cst.Call) and arg.value.args:  # backref("name", lazy=…)
        return string_of(arg.value.args[0].value)
    return string_of(arg.value)


def _target(node: cst.BaseExpression) -> str:
    """Return the class that the first argument of a relationship names, as a string, a name, or a lambda."""
    if isinstance(node, cst.Lambda):
        node = node.body
    return (string_of(node) or dotted_name(node)).rpartition(".")[2]


def _is_many(annotation: cst.BaseExpression | None) -> bool | None:
    if annotation is None:
        return None
    return bool({"list", "List", "set", "Set", "Sequence", "dict", "Dict"} & set(annotation_words(annotation)))


def annotation_words(annotation: cst.CSTNode | None) -> Iterable[str]:
    """Return the names in an annotation, also those in its strings, in their order."""
    if annotation is None:
        return []
    found: list[str] = []
    for node in nodes_of(annotation, cst.Name, cst.SimpleString):
        if isinstance(node, cst.Name):
            found.append(node.value)
        elif isinstance(node, cst.SimpleString) and (text := string_of(node)):
            found.extend(_words_of_text(text))
    return found


def _words_of_text(text: str) -> Iterable[str]:
    try:
        return [word.value for word in nodes_of(cst.parse_expression(text), cst.Name)]
    except cst.ParserSyntaxError:
        return []
