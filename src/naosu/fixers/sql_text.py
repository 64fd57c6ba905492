"""SQL that is put together from text and values: its pieces, and the same statement with bound values."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import libcst as cst

from naosu.fixers.editing import nodes_of
from naosu.fixers.places import code_of

_STATEMENT = re.compile(
    r"(?is)^\s*(select|insert|update|delete|with|replace|merge)\b.*\b(from|into|set|where|values)\b"
)
_VALUE_BEFORE = re.compile(r"(?is)(=|<|>|\blike|\bilike|\blimit|\boffset|\bbetween|\band|\bvalues\s*\(|,|\()\s*$")
_NAME_BEFORE = re.compile(r"(?is)\b(from|join|into|update|table|by|select|as|on|distinct)\s*$|[.\"`\w]$")
_OPEN_VALUES = re.compile(r"(?is)\b(values|in)\s*\([^)]*$")


@dataclass(frozen=True, eq=False)
class Piece:
    """Text as it stands in the statement, or an expression."""

    text: str = ""
    expression: cst.BaseExpression | None = None


@dataclass(eq=False)
class Bound:
    """A statement with places for values.

    Attributes:
        pieces: Text, and the expressions that are no values (names of tables).
        values: Name and source of each value, in the order of their places.
        expressions: The expressions that became values.
    """

    pieces: list[Piece] = field(default_factory=list)
    values: list[tuple[str, str]] = field(default_factory=list)
    expressions: list[cst.BaseExpression] = field(default_factory=list)
    kept: list[cst.BaseExpression] = field(default_factory=list)


def pieces_of(node: cst.BaseExpression) -> list[Piece] | None:
    """Return the pieces of an f-string, a sum, ``%`` or ``.format``. None: it is something else."""
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        return [Piece(value)] if isinstance(value, str) else None
    if isinstance(node, cst.FormattedString):
        return _of_formatted(node)
    if isinstance(node, cst.ConcatenatedString):
        left, right = pieces_of(node.left), pieces_of(node.right)
        return left + right if left is not None and right is not None else None
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        left = pieces_of(node.left) or [Piece(expression=node.left)]
        return left + (pieces_of(node.right) or [Piece(expression=node.right)])
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Modulo):
        return _of_percent(node)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "format":
        return _of_format(node, node.func.value)
    return None


def _of_formatted(node: cst.FormattedString) -> list[Piece] | None:
    found = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            literal = f"{node.prefix.lower().replace('f', '')}{node.quote}{part.value}{node.quote}"
            value = cst.SimpleString(literal).evaluated_value
            found.append(Piece(str(value).replace("{{", "{").replace("}}", "}")))
        elif isinstance(part, cst.FormattedStringExpression):
            if part.format_spec is not None or part.conversion not in (None, "s"):
                return None
            found.append(Piece(expression=part.expression))
    return found


def _of_percent(node: cst.BinaryOperation) -> list[Piece] | None:
    if not isinstance(node.left, cst.SimpleString | cst.ConcatenatedString) or node.left.evaluated_value is None:
        return None
    texts = re.split(r"%[sd]", str(node.left.evaluated_value))
    if isinstance(node.right, cst.Tuple):
        values = [element.value for element in node.right.elements]
    elif isinstance(node.right, cst.Dict):
        return None
    else:
        values = [node.right]
    return _woven([text.replace("%%", "%") for text in texts], values)


def _of_format(node: cst.Call, text: cst.BaseExpression) -> list[Piece] | None:
    if not isinstance(text, cst.SimpleString | cst.ConcatenatedString) or text.evaluated_value is None:
        return None
    source = str(text.evaluated_value)
    names = re.findall(r"\{(\w*)\}", source)
    keywords = {arg.keyword.value: arg.value for arg in node.args if arg.keyword}
    positional = [arg.value for arg in node.args if not arg.keyword]
    values = []
    for index, name in enumerate(names):
        found = keywords.get(name) if name and not name.isdigit() else None
        if found is None:
            place = int(name) if name.isdigit() else index
            found = positional[place] if place < len(positional) else None
        if found is None:
            return None
        values.append(found)
    return _woven(re.split(r"\{\w*\}", source), values)


def _woven(texts: Sequence[str], values: Sequence[cst.BaseExpression]) -> list[Piece] | None:
    if len(texts) != len(values) + 1:
        return None
    found = [Piece(texts[0])]
    for value, text in zip(values, texts[1:], strict=True):
        found += [Piece(expression=value), Piece(text)]
    return found


def is_sql(pieces: Sequence[Piece]) -> bool:
    """Tell whether pieces make a statement, by its first words."""
    return bool(_STATEMENT.match("".join(piece.text or " x " for piece in pieces)))


def bind(
    pieces: Sequence[Piece], mark: Callable[[str, int], str], *, is_free: Callable[[cst.BaseExpression], bool]
) -> Bound | None:
    """Return the statement with marks where values were. None: some expression stands where no value can be bound.

    Args:
        pieces: Of one statement, in their order.
        mark: Makes the mark of a value from its name and its place, from 1.
        is_free: Whether an expression that stands for a name (of a table) may stay as it is.
    """
    bound = Bound()
    text, quoted = "", None
    for piece in pieces:
        if piece.expression is None:
            quoted, text = _through(bound, piece.text, quoted, text, mark)
        elif quoted is not None:
            quoted.append(piece)
        elif _is_value(text):
            text += _place(bound, code_of(piece.expression), [piece.expression], mark)
        elif is_free(piece.expression):
            bound.pieces += [Piece(text), piece]
            bound.kept.append(piece.expression)
            text = ""
        else:
            return None
    if quoted is not None:
        return None
    bound.pieces.append(Piece(text))
    return bound


def _is_value(text: str) -> bool:
    if _OPEN_VALUES.search(text):
        return bool(re.search(r"[,(]\s*$", text)) and not re.search(r"(?is)\bin\s*\([^)]*$", text)
    return bool(_VALUE_BEFORE.search(text)) and not re.search(r"(?is)\b(select|by)\b[^()]*,\s*$", text)


def _through(
    bound: Bound, part: str, quoted: list[Piece] | None, text: str, mark: Callable[[str, int], str]
) -> tuple[list[Piece] | None, str]:
    """Go through text quote by quote: what is between two is one value if there is an expression in it."""
    segments = part.split("'")
    for index, segment in enumerate(segments):
        if index:
            if quoted is None:
                quoted = []
            else:
                text += _close(bound, quoted, mark)
                quoted = None
        if quoted is None:
            text += segment
        else:
            quoted.append(Piece(segment))
    return quoted, text


def _close(bound: Bound, quoted: list[Piece], mark: Callable[[str, int], str]) -> str:
    expressions = [piece.expression for piece in quoted if piece.expression is not None]
    if not expressions:
        return "'" + "".join(piece.text for piece in quoted) + "'"
    around = [piece for piece in quoted if piece.text]
    if len(expressions) == 1 and not around:
        return _place(bound, code_of(expressions[0]), expressions, mark)
    inner = "".join(
        "{" + code_of(piece.expression) + "}" if piece.expression is not None else piece.text.replace("{", "{{")
        for piece in quoted
    )
    quote = '"' if '"' not in inner else "'"
    return _place(bound, f"f{quote}{inner}{quote}", expressions, mark)


def _place(bound: Bound, value: str, expressions: Sequence[cst.BaseExpression], mark: Callable[[str, int], str]) -> str:
    wish = _name_for(expressions[0])
    taken = dict(bound.values)
    name = next(one for one in (wish, *(f"{wish}_{n}" for n in range(2, 100))) if taken.get(one, value) == value)
    bound.values.append((name, value))
    bound.expressions.extend(expressions)
    return mark(name, len(bound.values))


def _name_for(node: cst.BaseExpression) -> str:
    names = [name.value for name in nodes_of(node, cst.Name)]
    usable = [name for name in names if name not in ("str", "self", "request", "get", "args", "strip", "lower")]
    return usable[-1] if usable else "value"


def literal_of(bound: Bound, like: str) -> str:
    """Return the source of the statement: a string, an f-string where names of tables stay."""
    is_formatted = any(piece.expression is not None for piece in bound.pieces)
    parts = []
    for piece in bound.pieces:
        if piece.expression is not None:
            parts.append("{" + code_of(piece.expression) + "}")
        else:
            text = piece.text.replace("\\", "\\\\")
            parts.append(text.replace("{", "{{").replace("}", "}}") if is_formatted else text)
    text = "".join(parts)
    prefix = "f" if is_formatted else ""
    if "\n" in text:
        quote = "'''" if "'''" in like else '"""'
        return f"{prefix}{quote}{text}{quote}"
    if '"' not in text:
        return f'{prefix}"{text}"'
    return f"{prefix}'{text}'" if "'" not in text else f'{prefix}"""{text}"""'
