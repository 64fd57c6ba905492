"""Foreign keys in models: which column is meant to be one, and how its declaration says so."""

import re
from collections.abc import Iterable, Sequence

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.editing import (
    Change,
    argument,
    dotted_name,
    file_edit,
    imported_names,
    qualified_name,
    replace_nodes,
    with_argument,
    with_import,
)
from naosu.fixers.mapped import ColumnOf, ModelOf, RelationOf, is_sqlmodel_table, string_of

KINDS = (
    frozenset({"int", "Integer", "BigInteger", "SmallInteger"}),
    frozenset({"str", "String", "Text", "Unicode"}),
    frozenset({"UUID", "Uuid", "uuid"}),
)


def singular(name: str) -> str:
    """Return a name in the singular, as far as English endings tell."""
    for end, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", "")):
        if name.endswith(end) and not name.endswith("ss"):
            return name[: -len(end)] + instead
    return name


def plural(name: str) -> str:
    """Return a name in the plural, as far as English endings tell."""
    if name.endswith("y") and name[-2:-1] not in set("aeiou"):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def key_names(parent: ModelOf, more: Iterable[str] = ()) -> set[str]:
    """Return what a column that leads to a class may be called, without underscores, in lower case."""
    pk = parent.primary_keys[0] if parent.primary_keys else "id"
    heads = {_plain(name) for name in (parent.name, parent.table, singular(parent.table), *more) if name}
    return {head + end for head in heads for end in ("id", _plain(pk), "fk", "key")}


def candidates(child: ModelOf, parent: ModelOf, more: Iterable[str] = ()) -> list[ColumnOf]:
    """Return the columns of a class that are named and typed like a key to another, but are none."""
    names = key_names(parent, more)
    pk = parent.columns[parent.primary_keys[0]] if parent.primary_keys else None
    return [
        column
        for column in child.columns.values()
        if not column.targets and not column.is_primary and _plain(column.attribute) in names and _alike(column, pk)
    ]


def _alike(column: ColumnOf, pk: ColumnOf | None) -> bool:
    """Tell whether two columns may hold the same values; where a type is not said, they may."""
    if pk is None:
        return True
    own, other = ({i for i, kind in enumerate(KINDS) if kind & one.type_words} for one in (column, pk))
    return not own or not other or bool(own & other)


def target_of(parent: ModelOf) -> str:
    """Return ``publishers.id``. Empty: its table or key cannot be told."""
    if not parent.table or len(parent.primary_keys) != 1:
        return ""
    pk = parent.columns[parent.primary_keys[0]]
    named = string_of(pk.call.args[0].value) if pk.call and pk.call.args and not pk.call.args[0].keyword else ""
    return f"{parent.table}.{named or pk.attribute}"


def linked(child: ModelOf, column: ColumnOf, target: str) -> FileEdit:
    """Return the edit that makes a column a foreign key."""
    module = child.module
    names = imported_names(module)
    if column.call is not None and qualified_name(column.call.func, names).rpartition(".")[2] == "Field":
        new: cst.BaseExpression = with_argument(column.call, "foreign_key", cst.SimpleString(f'"{target}"'))
        return file_edit(child.path, module, replace_nodes(module, {column.call: new}))
    if column.call is None and is_sqlmodel_table(child.node):
        return _with_field(child, column, target)
    prefix = _prefix(column.call, names)
    local = f"{prefix}.ForeignKey" if prefix else with_import(module, "sqlalchemy", "ForeignKey")[1]
    key = cst.parse_expression(f'{local}("{target}")')
    changes: dict[cst.CSTNode, Change] = {}
    if column.call is not None:
        changes[column.call] = with_key(column.call, key)
    elif isinstance(column.statement, cst.AnnAssign):
        call = cst.Call(cst.Name("mapped_column"), [cst.Arg(key)])
        equal = cst.AssignEqual()
        changes[column.statement] = column.statement.with_changes(value=call, equal=equal)
    after = replace_nodes(module, changes)
    if column.call is None:
        after, _ = with_import(after, "sqlalchemy.orm", "mapped_column")
    if not prefix:
        after, _ = with_import(after, "sqlalchemy", "ForeignKey")
    return file_edit(child.path, module, after)


def _with_field(child: ModelOf, column: ColumnOf, target: str) -> FileEdit:
    """Return the edit that gives a bare column of SQLModel its key, and keeps its default."""
    statement = cst.ensure_type(column.statement, cst.AnnAssign)
    default = f"default={child.module.code_for_node(statement.value)}, " if statement.value else ""
    call = cst.parse_expression(f'Field({default}foreign_key="{target}")')
    changed = statement.with_changes(value=call, equal=cst.AssignEqual())
    after, _ = with_import(replace_nodes(child.module, {statement: changed}), "sqlmodel", "Field")
    return file_edit(child.path, child.module, after)


def with_key(call: cst.Call, key: cst.BaseExpression) -> cst.Call:
    """Put a foreign key behind the positional arguments of a column."""
    place = next((i for i, arg in enumerate(call.args) if arg.keyword or arg.star), len(call.args))
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    args = list(call.args)
    if place < len(args):
        args.insert(place, cst.Arg(key, comma=comma))
    elif args:
        last = args[-1]
        args = [*args[:-1], last.with_changes(comma=comma), cst.Arg(key, comma=last.comma)]
    else:
        args = [cst.Arg(key)]
    return call.with_changes(args=args)


def _prefix(call: cst.Call | None, names: dict[str, str]) -> str:
    """Return ``db`` or ``sa`` where columns are made through it."""
    head = dotted_name(call.func).rpartition(".")[0] if call else ""
    full = names.get(head, head)
    return (
        head
        if head and full not in {"sqlalchemy.orm", "orm"} and "mapped_column" not in dotted_name(call and call.func)
        else ""
    )


def sides(owner: ModelOf, relation: RelationOf, models: Sequence[ModelOf]) -> list[tuple[ModelOf, ModelOf, list[str]]]:
    """Return which class may hold the key of a relationship: child, parent, and further names for the key."""
    target = next((model for model in models if model.name == relation.target), None)
    if target is None:
        return []
    back = [name for name in (relation.back_populates, relation.backref) if name]
    towards = (target, owner, back)
    away = (owner, target, [relation.attribute])
    return [towards, away] if relation.is_many is not False else [away, towards]


def secondary_name(relation: RelationOf) -> str:
    """Return the table or variable that a relationship names as ``secondary``."""
    arg = argument(relation.call, "secondary")
    return (string_of(arg.value) or dotted_name(arg.value)) if arg else ""
