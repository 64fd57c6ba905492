"""The index written down where the application declares its table."""

import libcst as cst

from naosu.domain.repair import FileEdit
from naosu.fixers.database.blocks import parsed
from naosu.fixers.database.engines import edits_of, text_of
from naosu.fixers.editing import dotted_name, nodes_of, replace_nodes, with_import
from naosu.ports.fixer import SourceTree


def model_edit(source: SourceTree, table: str, index: str, columns: tuple[str, ...]) -> tuple[FileEdit, ...]:
    """Return the edit that declares an index beside its table's columns. Empty: the table is declared nowhere."""
    for path, module in source.modules("__tablename__", "table=True", "Table("):
        for node in nodes_of(module, cst.ClassDef):
            if _table_of(node) == table and (names := _attributes(node, columns)):
                if any(text_of(one) == index for one in nodes_of(node, cst.SimpleString)):
                    return ()
                changed, local = with_import(replace_nodes(module, {}), "sqlalchemy", "Index")
                target = next(one for one in nodes_of(changed, cst.ClassDef) if one.name.value == node.name.value)
                call = f'{local}("{index}", {", ".join(f"{name!r}".replace(chr(39), chr(34)) for name in names)})'
                return edits_of(source, {path: replace_nodes(changed, {target: _with_index(changed, target, call)})})
        for found in nodes_of(module, cst.Call):
            is_table = dotted_name(found.func).rpartition(".")[2] == "Table" and found.args
            if is_table and text_of(found.args[0].value) == table:
                changed, local = with_import(module, "sqlalchemy", "Index")
                target_call = next(one for one in nodes_of(changed, cst.Call) if one.deep_equals(found))
                text = f"{local}({', '.join(chr(34) + name + chr(34) for name in (index, *columns))})"
                return edits_of(
                    source, {path: replace_nodes(changed, {target_call: _with_positional(target_call, text)})}
                )
    return ()


def _table_of(node: cst.ClassDef) -> str:
    for line in node.body.body:
        if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Assign):
            assign = line.body[0]
            if dotted_name(assign.targets[0].target) == "__tablename__":
                return text_of(assign.value)
    return node.name.value.lower() if any(arg.keyword and arg.keyword.value == "table" for arg in node.keywords) else ""


def _attributes(node: cst.ClassDef, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns, when the class declares all of them under their own names."""
    declared = set()
    for line in node.body.body:
        if isinstance(line, cst.SimpleStatementLine):
            for part in line.body:
                if isinstance(part, cst.AnnAssign):
                    declared.add(dotted_name(part.target))
                elif isinstance(part, cst.Assign):
                    declared.add(dotted_name(part.targets[0].target))
    return columns if set(columns) <= declared else ()


def _with_index(module: cst.Module, node: cst.ClassDef, call: str) -> cst.ClassDef:
    index = cst.parse_expression(call)
    body = list(node.body.body)
    for at, line in enumerate(body):
        if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Assign):
            assign = line.body[0]
            if dotted_name(assign.targets[0].target) == "__table_args__":
                changed = assign.with_changes(value=_with_element(assign.value, index))
                body[at] = line.with_changes(body=[changed])
                return node.with_changes(body=node.body.with_changes(body=body))
    named = [at for at, line in enumerate(body) if "__tablename__" in module.code_for_node(line)]
    place = named[0] + 1 if named else (1 if node.get_docstring() is not None else 0)
    body[place:place] = parsed(module, f"__table_args__ = ({call},)\n")
    return node.with_changes(body=node.body.with_changes(body=body))


def _with_element(value: cst.BaseExpression, index: cst.BaseExpression) -> cst.BaseExpression:
    """Put an index into table arguments: before their options, which come last."""
    if isinstance(value, cst.Tuple):
        elements = list(value.elements)
        at = len(elements) - 1 if elements and isinstance(elements[-1].value, cst.Dict) else len(elements)
        elements.insert(at, cst.Element(index))
        ends = [*(one.with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in elements)]
        return value.with_changes(elements=ends)
    return cst.Tuple([cst.Element(index), cst.Element(value)])


def _with_positional(call: cst.Call, text: str) -> cst.Call:
    first_keyword = next((at for at, arg in enumerate(call.args) if arg.keyword or arg.star), len(call.args))
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if first_keyword and isinstance(call.args[0].comma, cst.Comma):
        comma = call.args[0].comma
    args = list(call.args)
    new = cst.Arg(cst.parse_expression(text), comma=comma if first_keyword < len(args) else args[-1].comma)
    if first_keyword == len(args):
        args[-1] = args[-1].with_changes(comma=comma)
    args.insert(first_keyword, new)
    return call.with_changes(args=args)
