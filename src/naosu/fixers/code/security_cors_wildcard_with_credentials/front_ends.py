"""Which front end an application knows: settings that hold its address."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from naosu.fixers.call_next import assigned
from naosu.fixers.editing import dotted_name, nodes_of
from naosu.fixers.places import Place, code_of, places_with
from naosu.fixers.web_apps import names_in
from naosu.ports.fixer import SourceTree

_NAMES = re.compile(
    r"(?i)^_?(front_?end|client|web_?app|spa|ui|site|public|allowed|trusted|cors)_?.*(url|origins?|host)s?$"
)
_SINGLE = re.compile(r"(?i)^_?(front_?end|client|spa|ui|web_?app)$")
_ADDRESS = re.compile(r"https?://[^/\s*]+/?")


@dataclass(frozen=True, eq=False)
class FrontEnd:
    """A setting with the address of the front end.

    Attributes:
        name: The setting's name, in the module at `place`, or in the instance `holder` there.
        origin: What it is by default.
        is_list: It holds several.
        has_slash: Its default ends with a slash, which no origin does.
    """

    place: Place
    name: str
    origin: str
    holder: str = ""
    is_list: bool = False
    has_slash: bool = False


def front_ends(source: SourceTree) -> Iterator[FrontEnd]:
    """Yield the front ends that settings name, those called so first."""
    found = [one for place in places_with(source, "http://", "https://") for one in _in_file(place)]
    yield from sorted(found, key=lambda one: (not re.search(r"(?i)front|origin", one.name), one.place.path))


def _in_file(place: Place) -> Iterator[FrontEnd]:
    for node in place.module.body:
        if (found := _front_end(place, node)) is not None:
            yield found
    for definition in (node for node in place.module.body if isinstance(node, cst.ClassDef)):
        holder = _instance_of(place, definition.name.value)
        for line in definition.body.body if holder else ():
            if (found := _front_end(place, line, holder)) is not None:
                yield found


def _instance_of(place: Place, name: str) -> str:
    for line in place.module.body:
        target, value = assigned(line)
        if isinstance(target, cst.Name) and isinstance(value, cst.Call) and dotted_name(value.func) == name:
            return target.value
    return ""


def _front_end(place: Place, line: cst.CSTNode, holder: str = "") -> FrontEnd | None:
    target, value = assigned(line)
    if not isinstance(target, cst.Name) or value is None:
        return None
    if not (_NAMES.match(target.value) or _SINGLE.match(target.value)):
        return None
    texts = [str(node.evaluated_value) for node in nodes_of(value, cst.SimpleString)]
    addresses = [text for text in texts if _ADDRESS.fullmatch(text)]
    if not addresses or "*" in texts:
        return None
    is_list = isinstance(value, cst.List | cst.Tuple | cst.Set) or ".split(" in code_of(value)
    address = addresses[0]
    return FrontEnd(place, target.value, address.rstrip("/"), holder, is_list, address.endswith("/"))


@dataclass(frozen=True)
class Origins:
    """What a file says for ``allow_origins``, and what it has to import for that (module and name, or nothing)."""

    expression: str
    source: str = ""
    name: str = ""


def origins_of(source: SourceTree, front_end: FrontEnd, place: Place) -> Origins:
    """Return how a file names the origins of a front end."""
    name = front_end.holder or front_end.name
    wanted = ("", "")
    if place.path != front_end.place.path:
        dotted = source.dotted(front_end.place.path)
        known = {full: local for local, full in names_in(source, place).items()}
        if dotted in known:
            name = f"{known[dotted]}.{name}"
        elif f"{dotted}.{name}" in known:
            name = known[f"{dotted}.{name}"]
        else:
            wanted = (dotted, name)
    expression = f"{name}.{front_end.name}" if front_end.holder else name
    if front_end.is_list:
        return Origins(expression if _is_literal_list(front_end) else f"list({expression})", *wanted)
    return Origins(f'[{expression}.rstrip("/")]' if front_end.has_slash else f"[{expression}]", *wanted)


def _is_literal_list(front_end: FrontEnd) -> bool:
    for line in nodes_of(front_end.place.module, cst.SimpleStatementLine):
        target, value = assigned(line)
        if isinstance(target, cst.Name) and target.value == front_end.name:
            return isinstance(value, cst.List)
    return False
