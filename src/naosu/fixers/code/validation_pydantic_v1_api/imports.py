"""What Pydantic 2 no longer has under its old name: moved, renamed, or to be written otherwise."""

import libcst as cst

from naosu.fixers.code.validation_pydantic_v1_api.scope import Scope
from naosu.fixers.editing import dotted_name, import_source, nodes_of

ALIASES = {
    "NoneStr": ("Optional[str]", ("Optional",)),
    "NoneBytes": ("Optional[bytes]", ("Optional",)),
    "StrBytes": ("Union[str, bytes]", ("Union",)),
    "NoneStrBytes": ("Optional[Union[str, bytes]]", ("Optional", "Union")),
}
CONSTRAINED = {
    "ConstrainedStr": ("str", "StringConstraints"),
    "ConstrainedInt": ("int", "Field"),
    "ConstrainedFloat": ("float", "Field"),
    "ConstrainedDecimal": ("Decimal", "Field"),
    "ConstrainedBytes": ("bytes", "Field"),
}
_PLACES = ("pydantic", "pydantic.types")
_KEYS = {
    "regex": "pattern", "curtail_length": "", "min_length": "min_length", "max_length": "max_length",
    "strip_whitespace": "strip_whitespace", "to_lower": "to_lower", "to_upper": "to_upper", "strict": "strict",
    "gt": "gt", "ge": "ge", "lt": "lt", "le": "le", "multiple_of": "multiple_of", "max_digits": "max_digits",
    "decimal_places": "decimal_places",
}  # fmt: skip


def refused(scope: Scope) -> bool:
    """Write what is gone otherwise. Return whether there was any."""
    found = _required(scope)
    for name, (code, needs) in ALIASES.items():
        for use in _uses(scope, name):
            scope.edits.replace(use, code)
            for need in needs:
                scope.edits.need("typing", need)
            scope.edits.drop_if_unused("pydantic", name)
            scope.note(f"`{name}` is gone in Pydantic 2")
            found = True
    for node in scope.module.body:
        if isinstance(node, cst.ClassDef) and len(node.bases) == 1:
            found |= _constrained(scope, node)
    return found


def _uses(scope: Scope, name: str) -> list[cst.CSTNode]:
    """Return where a name of Pydantic is said outside of its import."""
    imported = {
        id(one)
        for statement in nodes_of(scope.module, cst.ImportFrom, cst.Import)
        for one in nodes_of(statement, cst.Name, cst.Attribute)
    }
    wanted = {f"{place}.{name}" for place in _PLACES}
    inner: set[int] = set()
    found: list[cst.CSTNode] = []
    for node in nodes_of(scope.module, cst.Attribute, cst.Name):
        if id(node) not in imported and id(node) not in inner and scope.full(node) in wanted:
            found.append(node)
            inner |= {id(one) for one in nodes_of(node, cst.Attribute, cst.Name)}
    return found


def _required(scope: Scope) -> bool:
    uses = _uses(scope, "Required")
    for use in uses:
        scope.edits.replace(use, "...")
        scope.edits.drop_if_unused("pydantic", "Required")
        scope.note("`Required` is `...` in Pydantic 2")
    return bool(uses)


def _constrained(scope: Scope, node: cst.ClassDef) -> bool:
    """Write a subclass that only sets constraints as an annotated type."""
    base = scope.full(node.bases[0].value)
    kind = CONSTRAINED.get(base.rpartition(".")[2]) if base.rpartition(".")[0] in _PLACES else None
    keys = _constraints(node)
    if kind is None or keys is None:
        return False
    type_, constraints = kind
    arguments = ", ".join(f"{key}={scope.module.code_for_node(value)}" for key, value in keys)
    line = cst.parse_statement(
        f"{node.name.value} = Annotated[{type_}, {constraints}({arguments})]", config=scope.module.config_for_parsing
    )
    scope.edits.change(node, lambda old: line.with_changes(leading_lines=old.leading_lines))
    scope.edits.need("typing", "Annotated")
    scope.edits.need("pydantic", constraints)
    if type_ == "Decimal":
        scope.edits.need("decimal", "Decimal")
    scope.edits.drop_if_unused("pydantic", base.rpartition(".")[2])
    scope.note(f"`{base.rpartition('.')[2]}` is gone in Pydantic 2")
    return True


def _constraints(node: cst.ClassDef) -> list[tuple[str, cst.BaseExpression]] | None:
    """Return the constraints that a class sets. None: it does more than that."""
    if not isinstance(node.body, cst.IndentedBlock):
        return None
    found: list[tuple[str, cst.BaseExpression]] = []
    for line in node.body.body:
        parts = line.body if isinstance(line, cst.SimpleStatementLine) else ()
        for part in parts:
            if isinstance(part, cst.Pass) or (isinstance(part, cst.Expr) and isinstance(part.value, cst.SimpleString)):
                continue
            if not isinstance(part, (cst.Assign, cst.AnnAssign)) or part.value is None:
                return None
            target = part.targets[0].target if isinstance(part, cst.Assign) else part.target
            key = _KEYS.get(dotted_name(target), "")
            if not key:
                return None
            found.append((key, _without_compile(part.value)))
        if not parts:
            return None
    return found


def _without_compile(value: cst.BaseExpression) -> cst.BaseExpression:
    if isinstance(value, cst.Call) and dotted_name(value.func) == "re.compile" and len(value.args) == 1:
        return value.args[0].value
    return value


def from_v1(scope: Scope) -> bool:
    """Import from Pydantic 2 what was imported from its copy of Pydantic 1. Return whether there was any."""
    found = False
    for node in nodes_of(scope.module, cst.ImportFrom):
        source = import_source(node)
        if node.relative or not (source == "pydantic.v1" or source.startswith("pydantic.v1.")):
            continue
        new = "pydantic" + source[len("pydantic.v1") :]
        if node.module is not None:
            scope.edits.replace(node.module, "pydantic" if new in {"pydantic.main", "pydantic.fields"} else new)
        scope.note("imports Pydantic 1's classes from `pydantic.v1`")
        found = True
    for plain in nodes_of(scope.module, cst.Import):
        for alias in plain.names:
            if dotted_name(alias.name) == "pydantic.v1" and alias.asname is not None:
                scope.edits.replace(alias.name, "pydantic")
                scope.note("imports Pydantic 1 as a whole")
                found = True
    return found
