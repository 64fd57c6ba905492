"""Arguments of ``Field``, ``constr``, ``conlist`` and their kin that Pydantic 2 removed or renamed."""

import re
from collections.abc import Iterable
from functools import partial

import libcst as cst

from naosu.fixers.code.validation_pydantic_v1_api.scope import Scope
from naosu.fixers.editing import argument, nodes_of, without_argument
from naosu.fixers.edits import Step
from naosu.fixers.pydantic_models import FIELD, PydanticModel, fields_of

CONSTRAINED_TEXT = frozenset({"pydantic.constr", "pydantic.types.constr"})
CONSTRAINED_MANY = frozenset({
    "pydantic.conlist", "pydantic.conset", "pydantic.confrozenset", "pydantic.types.conlist", "pydantic.types.conset",
    "pydantic.types.confrozenset",
})  # fmt: skip
_FLAGS = re.compile(r"\(\?[aiLmsux]+\)")
RENAMED = {"min_items": "min_length", "max_items": "max_length"}
_LOOK_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9]|\(\?P=")


def refused(scope: Scope) -> bool:
    """Change what Pydantic 2 refuses when the class is made. Return whether there was any."""
    found = False
    for call in scope.calls(*FIELD, *CONSTRAINED_TEXT):
        found |= _pattern(scope, call)
    for call in scope.calls(*CONSTRAINED_MANY):
        found |= _renamed(scope, call)
    for model in scope.models:
        for name, field in fields_of(model.node):
            found |= _constant(scope, field)
            found |= _unique(scope, model, name, field)
    return found


def outdated(scope: Scope) -> None:
    """Change what Pydantic 2 only warns of, in a file that never ran with it."""
    for call in scope.calls(*FIELD):
        _renamed(scope, call)
        if (arg := argument(call, "allow_mutation")) and _is_name(arg.value, "False"):
            scope.edits.change(arg, lambda node: node.with_changes(keyword=cst.Name("frozen"), value=cst.Name("True")))


def _pattern(scope: Scope, call: cst.Call) -> bool:
    arg = argument(call, "regex")
    if arg is None:
        return False
    if _is_name(arg.value, "None"):
        scope.edits.change(call, lambda node: without_argument(node, _named(node, "regex")))
        return True
    anchored = _anchored(scope, arg.value)
    scope.edits.change(arg, lambda node: node.with_changes(keyword=cst.Name("pattern"), value=anchored or node.value))
    scope.note("`regex=` is `pattern=` in Pydantic 2")
    if (text := _text(scope, arg.value)) is not None and _LOOK_AROUND.search(text):
        _python_engine(scope, call)
    return True


def _named(call: cst.Call, keyword: str) -> cst.Arg:
    found = argument(call, keyword)
    if found is None:
        raise LookupError(keyword)
    return found


def _text(scope: Scope, value: cst.BaseExpression) -> str | None:
    if isinstance(value, cst.Name):
        for assign in nodes_of(scope.module, cst.Assign):
            if any(isinstance(one.target, cst.Name) and one.target.value == value.value for one in assign.targets):
                value = assign.value
                break
    if isinstance(value, cst.SimpleString | cst.ConcatenatedString):
        text = value.evaluated_value
        return text if isinstance(text, str) else None
    return None


def _anchored(scope: Scope, value: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the pattern bound to the start, where Pydantic 1 always looked and Pydantic 2 does not."""
    text = _text(scope, value)
    if text is None or text.startswith(("^", r"\A")) or not isinstance(value, cst.SimpleString):
        return None
    if _FLAGS.match(text) or (text.startswith(".*") and "|" not in text):
        return None
    quote = value.quote
    inside = value.raw_value
    return value.with_changes(value=f"{value.prefix}{quote}^{f'(?:{inside})' if '|' in text else inside}{quote}")


def _python_engine(scope: Scope, call: cst.Call) -> None:
    """Let Python's engine match: look-around and back references are unknown to the one that Pydantic 2 uses."""
    model = next((one for one in scope.models if call in nodes_of(one.node, cst.Call)), None)
    if model is None or not isinstance(model.node.body, cst.IndentedBlock):
        return
    for inner in model.node.body.body:
        if isinstance(inner, cst.ClassDef) and inner.name.value == "Config":
            scope.edits.change(inner, lambda node: with_line(node, 'regex_engine = "python-re"\n', scope.module))
            return
    scope.edits.need("pydantic", "ConfigDict")
    scope.edits.change(
        model.node, lambda node: with_line(node, 'model_config = ConfigDict(regex_engine="python-re")\n', scope.module)
    )


def with_line(node: cst.ClassDef, code: str, module: cst.Module) -> cst.ClassDef:
    """Return a class with a statement at its top, after its docstring; once."""
    body = list(node.body.body)
    line = cst.parse_statement(code, config=module.config_for_parsing)
    if not isinstance(node.body, cst.IndentedBlock) or any(line.deep_equals(one) for one in body):
        return node
    at = int(node.get_docstring() is not None)
    return node.with_changes(body=node.body.with_changes(body=[*body[:at], line, *body[at:]]))


def _renamed(scope: Scope, call: cst.Call) -> bool:
    found = False
    for old, new in RENAMED.items():
        if (arg := argument(call, old)) is not None:
            scope.edits.change(arg, _keyword(new))
            scope.note(f"`{old}=` is `{new}=` in Pydantic 2")
            found = True
    return found


def _keyword(name: str) -> Step:
    return lambda node: node.with_changes(keyword=cst.Name(name))


def _constant(scope: Scope, field: cst.AnnAssign) -> bool:
    """``kind: str = Field("cat", const=True)`` is ``kind: Literal["cat"] = "cat"``."""
    call = field.value
    if not isinstance(call, cst.Call) or scope.full(call.func) not in FIELD:
        return False
    arg, default = argument(call, "const"), argument(call, "default", 0)
    if arg is None:
        return False
    if not _is_name(arg.value, "True"):
        scope.edits.change(call, lambda node: without_argument(node, _named(node, "const")))
        return True
    if default is None or not _is_literal(default.value):
        return False
    literal = cst.Subscript(
        value=cst.Name(scope.local("typing.Literal")),
        slice=[cst.SubscriptElement(slice=cst.Index(value=default.value.deep_clone()))],
    )
    scope.edits.need("typing", "Literal")
    scope.edits.change(field.annotation, lambda node: node.with_changes(annotation=literal))
    if len(call.args) == 2:  # noqa: PLR2004 - the default and `const`, nothing else
        scope.edits.change(call, lambda _: default.value)
        scope.edits.drop_if_unused("pydantic", "Field")
    else:
        scope.edits.change(call, lambda node: without_argument(node, _named(node, "const")))
    scope.note("`const=True` is `Literal[…]` in Pydantic 2")
    return True


def _unique(scope: Scope, model: PydanticModel, name: str, field: cst.AnnAssign) -> bool:
    """Check in a validator, as Pydantic 1 did: the order of the items is kept, which a set would not."""
    calls = [call for call in _calls_in(field) if scope.full(call.func) in FIELD | CONSTRAINED_MANY]
    with_it = [call for call in calls if argument(call, "unique_items") is not None]
    for call in with_it:
        is_on = _is_name(_named(call, "unique_items").value, "True")
        scope.edits.change(call, lambda node: without_argument(node, _named(node, "unique_items")))
        if is_on:
            scope.edits.need("pydantic", "field_validator")
            code = UNIQUE.format(name=name, decorator=scope.local("pydantic.field_validator"))
            line = cst.parse_statement(code.strip() + "\n", config=scope.module.config_for_parsing)
            line = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
            scope.edits.change(model.node, partial(_at_the_end, line=line))
            scope.note("`unique_items=` is a validator in Pydantic 2")
    return bool(with_it)


UNIQUE = """
@{decorator}("{name}")
@classmethod
def _check_{name}_unique(cls, value):
    items = list(value or ())
    if any(item in items[:index] for index, item in enumerate(items)):
        raise ValueError("the list has duplicated items")
    return value
"""


def _at_the_end(node: cst.ClassDef, *, line: cst.BaseStatement) -> cst.ClassDef:
    return node.with_changes(body=node.body.with_changes(body=[*node.body.body, line]))


def _calls_in(field: cst.AnnAssign) -> Iterable[cst.Call]:
    return nodes_of(field, cst.Call)


def _is_name(node: cst.BaseExpression, value: str) -> bool:
    return isinstance(node, cst.Name) and node.value == value


def _is_literal(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.SimpleString | cst.Integer) or (
        isinstance(node, cst.Name) and node.value in {"True", "False"}
    )
