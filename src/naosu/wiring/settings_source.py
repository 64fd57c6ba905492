"""From naosu.yaml, the environment and flags to `Settings`: a flag beats the environment, which beats the file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from naosu.domain.errors import NaosuError
from naosu.domain.repair_policy import RepairPolicy
from naosu.wiring.settings import Settings

ENV_PREFIX = "NAOSU_"
_NEAR = 0.75
_SEE = "All settings are in docs/reference/settings.md; `naosu config show` prints those in force."


class ConfigError(NaosuError):
    """A setting cannot be used. Its text says where it stands, what was expected and what was found. Not retryable."""

    code = "config.invalid"
    status = 500


def load_settings(
    *, config: Path | None = None, environ: Mapping[str, str], flags: Mapping[str, Any] | None = None
) -> Settings:
    """Return what holds after all sources.

    Args:
        config: A YAML file. None: `NAOSU_CONFIG`, or else none.
        environ: As `os.environ`. `NAOSU_INGEST__ITEMS_MAX` sets `ingest.items_max`.
        flags: From the command line, by dotted name; None stands for "not given".

    Raises:
        ConfigError: Of the first source that is wrong. Not retryable.
    """
    named = environ.get("NAOSU_CONFIG", "")
    path = config or (Path(named) if named else None)
    merged: dict[str, Any] = {}
    if path is not None:
        merged = _read_file(path)
    for dotted, variable, text in _from_environment(environ):
        _put(merged, dotted, _checked(dotted, text, where=variable))
    for dotted, value in (flags or {}).items():
        if value is not None:
            _put(merged, dotted, _checked(dotted, value, where=f"--{dotted.rpartition('.')[2].replace('_', '-')}"))
    return msgspec.convert(merged, Settings, strict=False)


def setting_names(kind: type[msgspec.Struct] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield the dotted name of every setting, in order of definition."""
    for field in msgspec.structs.fields(kind):
        if _is_struct(field.type):
            yield from setting_names(field.type, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}"


class _RepairSection(msgspec.Struct, frozen=True, kw_only=True):
    """What of the file is lists of things, for which a place is more than a dotted name."""

    repair: RepairPolicy = RepairPolicy()


def _read_file(path: Path) -> dict[str, Any]:
    import yaml

    from naosu.repair.strict_yaml import StrictLoader, YamlFaultError, decode_yaml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}", mend="Name a readable YAML file.") from error
    try:
        tree = yaml.compose(text, Loader=StrictLoader)
        value = yaml.load(text, Loader=StrictLoader)  # noqa: S506 - a subclass of the safe one
    except yaml.YAMLError as error:
        raise ConfigError(_describe_yaml(path, error), mend="Mend the YAML at that place.") from error
    if value is None:
        return {}
    if isinstance(value, dict) and "repair" in value:
        try:
            decode_yaml(text, _RepairSection, name=str(path))
        except YamlFaultError as error:
            raise ConfigError(str(error), mend=_SEE) from error
    fault = _fault_in(value)
    if fault is not None:
        message, name, steps = fault
        node = _node_at(tree, steps, is_key="no setting" in message)
        place = f"{path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
        found = (
            f", found {node.value!r}" if isinstance(node.value, str) and name and "no setting" not in message else ""
        )
        raise ConfigError(f"{place}: {f'`{name}`: ' if name and found else ''}{message}{found}", mend=_SEE)
    return dict(value)


def _describe_yaml(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    place = f":{mark.line + 1}:{mark.column + 1}" if mark is not None else ""
    return f"{path}{place}: not valid YAML: {problem}"


def _fault_in(value: Any) -> tuple[str, str, list[str]] | None:
    """Return what is wrong, the dotted name of the setting, and the steps to it. None: nothing is."""
    unknown = _first_unknown(value, Settings, [])
    if unknown is not None:
        name = ".".join(unknown)
        return f"there is no setting `{name}`{_suggest(name)}", name, unknown
    try:
        _refuse_negative(msgspec.convert(value, Settings))
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        steps = [step for step in place.rstrip("`").replace("[", ".[").split(".") if step]
        return _worded(message, steps), ".".join(steps), steps
    return None


def _first_unknown(value: Any, kind: type[msgspec.Struct], steps: list[str]) -> list[str] | None:
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for name, inner in value.items() if isinstance(value, dict) else ():
        here = [*steps, str(name)]
        if name not in fields:
            return here
        if _is_struct(fields[name]) and (found := _first_unknown(inner, fields[name], here)):
            return found
    return None


def _refuse_negative(settings: msgspec.Struct, place: str = "$") -> None:
    """Refuse what no size, count or time can be; some settings are defined by stages, which state no bounds."""
    for field in msgspec.structs.fields(type(settings)):
        value = getattr(settings, field.name)
        if isinstance(value, msgspec.Struct):
            _refuse_negative(value, f"{place}.{field.name}")
        elif isinstance(value, (int, float)) and value < 0:
            raise msgspec.ValidationError(f"Expected `{type(value).__name__}` >= 0 - at `{place}.{field.name}`")


def _node_at(tree: Any, steps: list[str], *, is_key: bool) -> Any:
    """Return the YAML node of a value, or of the key itself, or the nearest one around it."""
    node = tree
    for number, step in enumerate(steps, start=1):
        pairs = node.value if isinstance(node.value, list) else []
        if step.startswith("["):
            index = step.strip("[]")
            node = pairs[int(index)] if index.isdecimal() and int(index) < len(pairs) else node
            continue
        pair = next((pair for pair in pairs if isinstance(pair, tuple) and pair[0].value == step), None)
        if pair is None:
            break
        node = pair[0] if is_key and number == len(steps) else pair[1]
    return node


def _worded(message: str, steps: list[str]) -> str:
    if message.startswith("Invalid enum value"):
        choices = [one for one in getattr(_kind_of(".".join(steps)), "__args__", ()) if isinstance(one, str)]
        if choices:
            return f"expected one of {', '.join(choices)}"
    return message[0].lower() + message[1:]


def _kind_of(dotted: str) -> Any:
    kind: Any = Settings
    for step in dotted.split("."):
        kind = next(field.type for field in msgspec.structs.fields(kind) if field.name == step)
    return kind


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _suggest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(setting_names()), n=1, cutoff=_NEAR)
    return f"; did you mean `{near[0]}`?" if near else ""


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    names = set(setting_names())
    for variable in sorted(environ):
        if not variable.startswith(ENV_PREFIX):
            continue
        dotted = variable.removeprefix(ENV_PREFIX).lower().replace("__", ".")
        if dotted in names:
            yield dotted, variable, environ[variable]
        elif near := _suggest(dotted):
            # What resembles no setting may belong to others (NAOSU_TOKEN, NAOSU_DSN …); what nearly is one is a slip.
            raise ConfigError(
                f"{variable} in the environment: there is no setting `{dotted}`{near}",
                mend="Rename or unset it; all settings are in docs/reference/settings.md.",
            )


def _checked(dotted: str, value: Any, *, where: str) -> Any:
    """Return the value as its setting wants it, or say where it came from."""
    try:
        if isinstance(value, str) and value[:1] in "{[" and value[:1]:
            value = msgspec.json.decode(value)
        checked = msgspec.convert(value, _kind_of(dotted), strict=False)
    except msgspec.MsgspecError as error:
        text = _worded(str(error), dotted.split("."))
        raise ConfigError(f"{where}: `{dotted}`: {text}, found {json.dumps(value, default=str)}", mend=_SEE) from error
    if isinstance(checked, (int, float)) and checked < 0:
        raise ConfigError(f"{where}: `{dotted}`: expected a number >= 0, found {checked}", mend=_SEE)
    return checked


def _put(tree: dict[str, Any], dotted: str, value: Any) -> None:
    *steps, last = dotted.split(".")
    for step in steps:
        tree = tree.setdefault(step, {})
    tree[last] = value
