"""YAML that people write, read strictly: one mistake refuses the whole file, and is named with its place.

Read as YAML 1.2 has it, so that ``mode: off`` is the word and not *false*. A key that stands twice is refused, and so
are aliases, with which a small file can be a large value.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from enum import Enum
from typing import Any, TypeVar, get_args, get_origin

import msgspec
import yaml

from naosu.domain.errors import NaosuError

Wanted = TypeVar("Wanted")
Path = tuple[str | int, ...]
_WRITE = "Write it once, in full."
_BOOLEAN = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")


class YamlFaultError(NaosuError):
    """A YAML file cannot be used; it says where, what was expected and what was found. Not retryable."""

    code = "config.bad_yaml"
    status = 422


class StrictLoader(yaml.SafeLoader):
    """Reads ``yes``, ``no``, ``on`` and ``off`` as words."""


StrictLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLEAN, list("tTfF"))


def decode_yaml(text: str, kind: type[Wanted], *, name: str) -> Wanted:
    """Return the file's content as `kind`.

    Args:
        text: Of the file.
        kind: A struct that forbids unknown fields.
        name: Of the file, for the complaint.

    Raises:
        YamlFaultError: It cannot be. Not retryable.
    """
    try:
        tree = yaml.compose(text, Loader=StrictLoader)
        _refuse_twice(tree, name)
        value = yaml.load(text, Loader=StrictLoader)  # noqa: S506 - a subclass of the safe one
    except yaml.YAMLError as error:
        raise YamlFaultError(_not_yaml(error, name), mend="Mend the YAML at that place.") from error
    except (RecursionError, ValueError) as error:
        raise YamlFaultError(f"{name}: cannot be read: {error}", mend="Mend the YAML.") from error
    try:
        return msgspec.convert({} if value is None else value, kind)
    except msgspec.ValidationError as error:
        raise YamlFaultError(_described(error, value, tree, kind, name), mend="Mend it at that place.") from error


def _refuse_twice(node: Any, name: str) -> None:
    """Refuse keys that stand twice (the library would take the last), and aliases."""
    seen_nodes: set[int] = set()
    waiting = [node] if node is not None else []
    while waiting:
        node = waiting.pop()
        if id(node) in seen_nodes:
            raise YamlFaultError(
                f"{name}{_at(node)}: expected each value written out, found an alias of this one", mend=_WRITE
            )
        seen_nodes.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, inner in node.value:
                if str(key.value) in keys:
                    raise YamlFaultError(
                        f"{name}{_at(key)}: expected each name once, found `{key.value}` again", mend=_WRITE
                    )
                keys.add(str(key.value))
                waiting.append(inner)


def _at(node: Any) -> str:
    return f":{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _not_yaml(error: yaml.YAMLError, name: str) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
    return f"{name}{place}: expected valid YAML: {getattr(error, 'problem', None) or error}"


def _described(error: msgspec.ValidationError, value: Any, tree: Any, kind: Any, name: str) -> str:
    message, _, place = str(error).partition(" - at `$")
    path = _resolved(place.rstrip("`"), value, kind, message)
    unknown = re.search(r"unknown field `(.*)`$", message)
    if unknown:
        known = _names_at(path, value, kind)
        near = get_close_matches(unknown[1], known, n=1)
        text = f"expected one of {', '.join(known)}" if known else "expected no such name"
        found = f"`{unknown[1]}`" + (f"; did you mean `{near[0]}`?" if near else "")
        return f"{name}{_at(_node(tree, (*path, unknown[1]), is_key=True))}: {_dotted(path)}{text}, found {found}"
    is_key = "at `key`" in str(error) or place.startswith("key")
    node = _node(tree, path, is_key=is_key)
    expected, found = _worded(message, _value(value, path), kind, path, value)
    return f"{name}{_at(node) if node is not None else ''}: {_dotted(path)}{expected}, found {found}"


def _dotted(path: Path) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return f"`{text}`: " if text else ""


def _worded(message: str, found: Any, kind: Any, path: Path, value: Any) -> tuple[str, str]:
    """Return what was expected and what was found, in words."""
    if message.startswith("Invalid "):
        choices = _choices(path, value, kind)
        return (f"expected one of {', '.join(choices)}" if choices else "expected another value"), repr(found)
    missing = re.search(r"missing required field `(.*)`$", message)
    if missing:
        return f"expected `{missing[1]}`", f"only {', '.join(map(str, found)) or 'nothing'}" if isinstance(
            found, dict
        ) else "nothing"
    expected, _, got = message.partition(", got ")
    expected, _, own_found = expected.partition(", found ")
    shown = own_found or (
        repr(found) if isinstance(found, (str, int, float, bool)) or found is None else got or type(found).__name__
    )
    return expected[0].lower() + expected[1:], shown


def _resolved(place: str, value: Any, kind: Any, message: str) -> Path:
    """Return the path with the names that msgspec leaves out of it (``[...]``: some entry of a mapping)."""
    path: list[str | int] = []
    for match in _STEP.finditer(place):
        if match[1] is not None:
            path.append(match[1])
        elif match[2] != "...":
            path.append(int(match[2]))
        else:
            path.append(_culprit(value, tuple(path), kind, message))
    return tuple(path)


def _culprit(value: Any, path: Path, kind: Any, message: str) -> str:
    """Return the key of the entry that brings the complaint, when it is the only one there."""
    mapping = _value(value, path)
    keys = list(mapping) if isinstance(mapping, dict) else []
    for key in keys:
        try:
            msgspec.convert(_with_only(value, path, key), kind)
        except msgspec.ValidationError as error:
            if str(error).startswith(message):
                return str(key)
    return str(keys[0]) if keys else ""


def _with_only(value: Any, path: Path, key: Any) -> Any:
    if not path:
        return {key: value[key]}
    step, *rest = path
    inner = _with_only(value[step], tuple(rest), key)
    if isinstance(value, dict):
        return {**value, step: inner}
    return [inner if number == step else one for number, one in enumerate(value)]


def _value(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _node(tree: Any, path: Path, *, is_key: bool = False) -> Any:
    """Return the node of a value, or of its key, or the nearest around it. None: the file is empty."""
    node = tree
    for number, step in enumerate(path, start=1):
        if isinstance(step, int) and isinstance(node, yaml.SequenceNode) and step < len(node.value):
            node = node.value[step]
            continue
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        pair = next((pair for pair in pairs if str(pair[0].value) == step), None)
        if pair is None:
            break
        node = pair[0] if is_key and number == len(path) else pair[1]
    return node


def _names_at(path: Path, value: Any, kind: Any) -> list[str]:
    """Return the names that may stand at a place."""
    structs = list(_structs_at(path, value, kind))
    return [field.encode_name for struct in structs[:1] for field in msgspec.structs.fields(struct)]


def _choices(path: Path, value: Any, kind: Any) -> list[str]:
    """Return the words that may stand at a place: of an enumeration, or the tags of several kinds of object."""
    tag_owner = list(_kinds_at(path[:-1], value, kind))
    tags = [struct.__struct_config__ for struct in tag_owner if _is_struct(struct)]
    if path and any(config.tag_field == path[-1] for config in tags):
        return [str(config.tag) for config in tags]
    for one in _kinds_at(path, value, kind):
        if isinstance(one, type) and issubclass(one, Enum):
            return [str(member.value) for member in one]
        if str(get_origin(one)) == "typing.Literal":
            return [str(choice) for choice in get_args(one)]
    return []


def _structs_at(path: Path, value: Any, kind: Any) -> Iterator[Any]:
    found = [one for one in _kinds_at(path, value, kind) if _is_struct(one)]
    here = _value(value, path)
    for one in found:
        config = one.__struct_config__
        if config.tag_field is None or not isinstance(here, dict) or here.get(config.tag_field) == config.tag:
            yield one


def _kinds_at(path: Path, value: Any, kind: Any) -> Iterator[Any]:
    """Yield the types that may stand at a place; of several kinds of object, that which the value says it is."""
    kinds = list(_plain(kind))
    here = value
    for step in path:
        inner: list[Any] = []
        for one in kinds:
            if _is_struct(one) and isinstance(step, str):
                config = one.__struct_config__
                if (
                    config.tag_field is None
                    or not isinstance(here, dict)
                    or here.get(config.tag_field) in {None, config.tag}
                ):
                    inner += [field.type for field in msgspec.structs.fields(one) if field.encode_name == step]
            elif get_origin(one) in {tuple, list}:
                inner += [get_args(one)[0]]
            elif get_origin(one) is dict:
                inner += [get_args(one)[1]]
        kinds = [plain for one in inner for plain in _plain(one)]
        here = _value(here, (step,))
    yield from kinds


def _plain(kind: Any) -> Iterator[Any]:
    """Yield a type without its annotations, and the members of a union."""
    if hasattr(kind, "__metadata__"):
        yield from _plain(get_args(kind)[0])
    elif get_origin(kind) is None or get_origin(kind) in {tuple, list, dict}:
        yield kind
    elif "Union" in str(get_origin(kind)):
        for one in get_args(kind):
            yield from _plain(one)
    else:
        yield kind


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
