"""Where SQL made of text is run, and the same with bound values."""

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from naosu.fixers.call_next import assigned
from naosu.fixers.code.security_sql_injection_fstring.tainted import is_tainted, tainted_names
from naosu.fixers.editing import nodes_of, qualified_name, replace_nodes
from naosu.fixers.places import Place, code_of
from naosu.fixers.sql_text import Bound, Piece, bind, is_sql, literal_of, pieces_of
from naosu.fixers.web_apps import names_in
from naosu.ports.fixer import SourceTree

RUNNERS = frozenset(
    {"execute", "executemany", "raw", "fetch", "fetchrow", "fetchval", "fetch_all", "fetch_one", "execute_sql"}
)
_STYLES = (
    ("?", ("sqlite3", "aiosqlite")),
    ("%s", ("psycopg", "psycopg2", "pymysql", "MySQLdb", "mysql", "django", "aiomysql")),
    ("$", ("asyncpg",)),
)


@dataclass(frozen=True, eq=False)
class Injection:
    """One statement with text of requests in it.

    Attributes:
        written: The expression that makes the text.
        call: The call that runs it, or makes a ``text()`` of it.
        is_text: The call is SQLAlchemy's ``text``.
        bound: The statement with bound values. None: some expression stands where none can be.
        style: The mark of values.
    """

    place: Place
    function: cst.FunctionDef
    written: cst.BaseExpression
    call: cst.Call
    is_text: bool
    bound: Bound | None
    style: str


def injections(source: SourceTree, place: Place) -> Iterator[Injection]:
    """Yield the statements of a file into which values of requests are written as text."""
    names = names_in(source, place)
    style = _style(source, names)
    for call in nodes_of(place.module, cst.Call):
        function = place.within(call, cst.FunctionDef)
        is_text = qualified_name(call.func, names) in (
            "sqlalchemy.text",
            "sqlalchemy.sql.text",
            "sqlalchemy.sql.expression.text",
        )
        is_run = isinstance(call.func, cst.Attribute) and call.func.attr.value in RUNNERS
        if function is None or not call.args or not (is_text or is_run) or call.args[0].keyword:
            continue
        written = _written(function, call.args[0].value)
        pieces = pieces_of(written) if written is not None else None
        if written is None or not pieces or not is_sql(pieces):
            continue
        tainted = tainted_names(function)
        if any(piece.expression is not None and is_tainted(piece.expression, tainted) for piece in pieces):
            bound = _bound(pieces, ":" if is_text else style, tainted)
            if len(call.args) > 1 and not is_text:
                bound = None
            yield Injection(place, function, written, call, is_text, bound, ":" if is_text else style)


def _written(function: cst.FunctionDef, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """Return the expression that makes the text: the argument, or what its name was set to, once."""
    if not isinstance(node, cst.Name):
        return node
    values = []
    for line in nodes_of(function.body, cst.Assign, cst.AnnAssign, cst.AugAssign):
        target, value = assigned(line)
        changed = line.target if isinstance(line, cst.AugAssign) else target
        if isinstance(changed, cst.Name) and changed.value == node.value:
            values.append(value)
    return values[0] if len(values) == 1 else None


def _bound(pieces: list[Piece], style: str, tainted: set[str]) -> Bound | None:
    if not style:
        return None
    if style == "%s":
        pieces = [Piece(piece.text.replace("%", "%%"), piece.expression) for piece in pieces]

    def mark(name: str, place: int) -> str:
        return f":{name}" if style == ":" else f"${place}" if style == "$" else style

    found = bind(pieces, mark, is_free=lambda node: not is_tainted(node, tainted))
    if found is not None and style == "%s":
        found.values = [(name, value.replace("%%", "%")) for name, value in found.values]
    return found


def _style(source: SourceTree, names: dict[str, str]) -> str:
    """Return the mark of the driver that a file imports, else of the only one that the application imports."""
    heads = {full.partition(".")[0] for full in names.values()}
    own = [style for style, drivers in _STYLES if heads & set(drivers)]
    if len(own) == 1:
        return own[0]
    found = set()
    for style, drivers in _STYLES:
        for driver in drivers:
            if any(True for _ in source.modules(f"import {driver}", f"from {driver}")):
                found.add(style)
    return found.pop() if len(found) == 1 else ""


def with_bound_values(found: Injection) -> cst.Module | None:
    """Return the file with the values bound. None: they cannot be."""
    bound = found.bound
    if bound is None or not bound.values:
        return None
    literal = cst.parse_expression(literal_of(bound, code_of(found.written)))
    changes: dict[cst.CSTNode, cst.CSTNode] = {}
    argument = found.call.args[0]
    inline = argument.value is found.written
    first = argument.with_changes(value=literal) if inline else argument
    if not inline:
        changes[found.written] = literal
    if found.is_text:
        _bind_text(found, bound, first, changes)
    elif found.style == "$":
        added = [cst.Arg(cst.parse_expression(value)) for _, value in bound.values]
        changes[found.call] = found.call.with_changes(args=[first, *added])
    else:
        values = ", ".join(value for _, value in bound.values)
        text = f"({values},)" if len(bound.values) == 1 else f"({values})"
        text = f"[{values}]" if "django" in found.place.module.code else text
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        args = [first.with_changes(comma=comma), cst.Arg(cst.parse_expression(text))]
        changes[found.call] = found.call.with_changes(args=args)
    return replace_nodes(found.place.module, changes)


def _bind_text(found: Injection, bound: Bound, first: cst.Arg, changes: dict[cst.CSTNode, cst.CSTNode]) -> None:
    """Give the values to the call that runs the text, or to the text itself."""
    text = found.call.with_changes(args=[first, *found.call.args[1:]])
    unique = dict(bound.values)
    outer = found.place.within(found.call, cst.Call)
    if outer is not None and len(outer.args) == 1 and outer.args[0].value is found.call and _runs(outer):
        pairs = ", ".join(f'"{name}": {value}' for name, value in unique.items())
        comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
        args = [
            outer.args[0].with_changes(value=text, comma=comma),
            cst.Arg(cst.parse_expression("{" + pairs + "}")),
        ]
        changes[outer] = outer.with_changes(args=args)
        return
    pairs = ", ".join(f"{name}={value}" for name, value in unique.items())
    changes[found.call] = cst.parse_expression(f"{code_of(text)}.bindparams({pairs})")


def _runs(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value in ("execute", "scalar", "scalars")
